"""What a run was given is told by its content."""

import numpy as np

from readapt.gan.resume import fingerprint
from readapt.synth.corpus import Corpus


def test_other_texts_of_the_same_name_are_others() -> None:
    corpus = Corpus("en", "some text", ("some", "text"))
    assert fingerprint(corpus) == fingerprint(Corpus("en", "some text", ("some", "text")))
    assert fingerprint(corpus) != fingerprint(Corpus("en", "more text", ("some", "text")))
    assert fingerprint(corpus) != fingerprint(Corpus("en", "some text", ("more", "text")))
    assert fingerprint(np.zeros(2)) != fingerprint(np.ones(2))
