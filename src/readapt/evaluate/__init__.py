"""How good a reading is: texts, words, boxes and confidences measured against ground truth."""
