import torch

from reidkit.models.fingerprint import fingerprint
from reidkit.models.zoo import build_model


def test_equal_weights_have_equal_fingerprints_whatever_the_classifier():
    torch.manual_seed(0)
    one = build_model("osnet_x0_25", num_identities=4)
    other = build_model("osnet_x0_25")
    other.load_state_dict(one.state_dict(), strict=False)
    assert fingerprint(one) == fingerprint(other)
    assert len(fingerprint(one)) == 16


def test_one_changed_number_changes_the_fingerprint():
    model = build_model("osnet_x0_25")
    before = fingerprint(model)
    with torch.no_grad():
        next(model.parameters()).view(-1)[0] += 1e-3
    assert fingerprint(model) != before
