"""Witten-Bell by the definition, on strings: count, and mix, from the longest history down."""

from collections import Counter

END = "\0"


class Ngrams:
    def __init__(self, texts: list[str], characters: str, order: int) -> None:
        self.classes = [END, *characters]
        self.order = order
        self.seen: Counter[str] = Counter()
        for text in texts:
            padded = END * (order - 1) + text + END
            for end in range(order, len(padded) + 1):
                for length in range(1, order + 1):
                    self.seen[padded[end - length : end]] += 1

    def probability(self, character: str, history: str) -> float:
        history = (END * self.order + history)[len(history) + 1 :]  # order - 1 characters
        return self._mix(character, history[len(history) - self.order + 1 :])

    def _mix(self, character: str, history: str) -> float:
        after = [self.seen[history + c] for c in self.classes]
        total, different = sum(after), sum(n > 0 for n in after)
        shorter = self._mix(character, history[1:]) if history else 1 / len(self.classes)
        if total == 0:
            return shorter
        return (self.seen[history + character] + different * shorter) / (total + different)
