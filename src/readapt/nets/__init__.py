"""Networks, in torch: part of the learning tier."""
