"""What the notation chapter says: its table of shapes, and its PyTorch code."""

import re
from pathlib import Path

import numpy as np
import pytest

CHAPTER = Path(__file__).parents[2] / "chapters" / "notation.md"
TOLERANCE = 1e-12
ROW = re.compile(r"^\| .+ \| .+ \| \$\((.+)\)\$ \| `(.+)` \|$", re.MULTILINE)


def blocks(opening):
    text = CHAPTER.read_text(encoding="utf-8")
    return re.findall(rf"^```{re.escape(opening)}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def chapter():
    names = {}
    for cell in blocks("{code-cell} ipython3"):
        exec(re.sub(r"^:tags:.*", "", cell), names)
    return names


@pytest.fixture(scope="module")
def torch_names(chapter):
    pytest.importorskip(
        "torch", reason="NOT CHECKED against PyTorch: it needs `pip install torch==2.13.0`"
    )
    (code,) = blocks("python")
    names = dict(chapter)
    exec(code, names)
    return names


def test_every_shape_in_the_table_is_the_shape_in_the_code(chapter):
    net, sizes = chapter["net"], chapter["sizes"]
    rows = ROW.findall(CHAPTER.read_text(encoding="utf-8"))
    assert len(rows) == 11
    last = len(sizes) - 1
    for shape, code in rows:
        for l in range(1, last + 1):
            known = {"n_0": sizes[0], "n_L": sizes[last], "n_l": sizes[l], "n_{l-1}": sizes[l - 1]}
            known |= {"m": chapter["m"], "P": net.theta.size, "1": 1}
            expected = tuple(known[name.strip()] for name in shape.split(",") if name.strip())
            assert eval(code, {**chapter, "l": l}).shape == expected, code


def test_sizes_are_all_different(chapter):
    sizes = [*chapter["sizes"], chapter["m"]]
    assert len(set(sizes)) == len(sizes)


def test_the_pytorch_code_gives_the_same_numbers(torch_names):
    net = torch_names["net"]
    assert abs(torch_names["torch_loss"].item() - torch_names["loss"]) < TOLERANCE
    assert len(torch_names["torch_dW"]) == len(net.dW)
    for theirs, ours in zip(torch_names["torch_dW"], net.dW, strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=TOLERANCE)
    for linear, ours in zip(torch_names["model"][::2], net.db, strict=True):
        np.testing.assert_allclose(linear.bias.grad, ours[:, 0], rtol=0, atol=TOLERANCE)


def test_mse_loss_has_the_factor_that_the_chapter_prints(torch_names):
    torch, sizes = torch_names["torch"], torch_names["sizes"]
    default = torch.nn.MSELoss()(torch_names["output"], torch.tensor(torch_names["y"].T))
    assert abs(default.item() - 2 / sizes[-1] * torch_names["loss"]) < TOLERANCE


def test_pytorchs_gradient_of_z_is_delta_over_m(torch_names):
    torch, net, m = (torch_names[name] for name in ("torch", "net", "m"))
    z = torch.tensor(net.z[-1].T, requires_grad=True)
    errors = torch.sigmoid(z) - torch.tensor(torch_names["y"].T)
    (0.5 * (errors**2).sum(dim=1).mean()).backward()
    np.testing.assert_allclose(z.grad, net.delta[-1].T / m, rtol=0, atol=TOLERANCE)
