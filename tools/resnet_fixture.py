"""Makes tests/fixtures/resnet: what PyTorch says of a narrow ResNet-18.

    pip install torch torchvision safetensors
    python tools/resnet_fixture.py
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F
from torchvision.models import resnet18

WIDTH, CLASSES = 8, 5


def narrow(stem, norm):
    """torchvision's ResNet-18 with a width of its own, which torchvision does not offer."""
    layer = nn.BatchNorm2d if norm == "batch" else lambda channels: nn.GroupNorm(8, channels)
    net = resnet18(num_classes=CLASSES, norm_layer=layer)
    if stem == "small":
        net.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
        net.maxpool = nn.Identity()
    scale = 64 // WIDTH
    for module in net.modules():
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Conv2d):
                inputs = child.in_channels if child.in_channels == 3 else child.in_channels // scale
                args = (inputs, child.out_channels // scale, child.kernel_size)
                setattr(module, name, nn.Conv2d(*args, stride=child.stride, padding=child.padding, bias=False))
            elif isinstance(child, (nn.BatchNorm2d, nn.GroupNorm)):
                channels = child.num_features if norm == "batch" else child.num_channels
                setattr(module, name, layer(channels // scale))
    net.fc = nn.Linear(512 // scale, CLASSES)
    return net


def randomised(net):
    """Weights that 16 bits hold exactly, and norms that are not just the identity."""
    with torch.no_grad():
        for name, tensor in net.state_dict().items():
            if not tensor.is_floating_point():
                continue
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 1.5)
            elif tensor.ndim == 1:
                tensor.normal_(0, 0.2)
                if name.endswith("weight"):
                    tensor.add_(1)
            tensor.copy_(tensor.half().float())
    return net


def expected(net, images, labels):
    """Norms use their running statistics, as in PURGE, and gradients flow."""
    net.eval().zero_grad()
    taps = {}
    for name in ("layer3", "layer4", "avgpool"):
        net.get_submodule(name).register_forward_hook(
            lambda _, __, output, name=name: taps.__setitem__(name, output.mean((2, 3)))
        )
    logits = net(images)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    gradients = {
        name: {"norm": p.grad.norm().item(), "sum": p.grad.sum().item(), "first": p.grad.flatten()[:8].tolist()}
        for name, p in net.named_parameters()
    }
    return {
        "logits": logits.tolist(),
        "taps": [taps[name].tolist() for name in ("layer3", "layer4", "avgpool")],
        "loss": loss.item(),
        "gradients": gradients,
    }


def main():
    torch.manual_seed(7)
    folder = Path(__file__).parent.parent / "tests/fixtures/resnet"
    small = randomised(narrow("small", "batch"))
    imagenet = randomised(narrow("imagenet", "batch"))
    group = narrow("small", "group")
    shared = {k: v for k, v in small.state_dict().items() if v.is_floating_point()}
    # One file of weights for all three: the stems differ in one tensor, group norm has no running statistics.
    imagenet.load_state_dict({k: v for k, v in shared.items() if k != "conv1.weight"}, strict=False)
    group.load_state_dict({k: v for k, v in shared.items() if "running" not in k})
    images = {"small": torch.rand(4, 3, 16, 16).half().float(), "imagenet": torch.rand(2, 3, 40, 40).half().float()}
    labels = torch.tensor([0, 3, 4, 1])
    tensors = {k: v.half() for k, v in shared.items()}
    tensors["imagenet.conv1.weight"] = imagenet.conv1.weight.detach().half()
    tensors |= {f"images.{k}": v.half() for k, v in images.items()}
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "weights.safetensors")
    cases = {
        "small_batch": expected(small, images["small"], labels),
        "small_group": expected(group, images["small"], labels),
        "imagenet_batch": expected(imagenet, images["imagenet"], labels[:2]),
    }
    names = {k: list(v.shape) for k, v in resnet18(num_classes=CLASSES).state_dict().items() if v.is_floating_point()}
    (folder / "expected.json").write_text(json.dumps({"torchvision": names, "cases": cases}) + "\n")


if __name__ == "__main__":
    main()
