"""Distance between the logits of a student and of its teacher."""

from typing import ClassVar

from torch import Tensor, nn

from reidkit.losses.paired import check_pair


class LogitDifference(nn.Module):
    """Mean absolute difference between the logits of two networks.

    Shape:
        student (B, C), teacher (B, C) -> scalar.

    Raises:
        ShapeError: the two do not fit, or the batch is empty.

    Reference:
        He et al., "FastReID: A Pytorch Toolbox for General Instance Re-identification", 2020,
        arXiv:2006.02631, equation 8.

    Differs:
        The mean over samples and identities where the paper has the norm, so that a weight means the same
        for any number of identities. FastReID's code has no such loss.
    """

    consumes: ClassVar[str] = "logits"

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Return the mean over the batch; no gradient goes to the teacher."""
        check_pair("Logits", student, teacher, same_width=True)
        return (student - teacher.detach()).abs().mean()
