"""Turns a PyTorch checkpoint (.pth) into the safetensors file that PURGE reads.

    pip install torch safetensors
    python tools/to_safetensors.py network.pth network.safetensors \\
        --dataset cifar10 --classes airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck \\
        --size 32 32 --mean 0.4914 0.4822 0.4465 --std 0.2470 0.2435 0.2616

The card (dataset, classes, size, mean, std) is optional, but without mean and std the network is fed with the data set's
own, which may not be what it was trained with.
"""

import argparse
import json
import sys

import torch
from safetensors.torch import save_file

# Where training scripts put the weights in what they save.
NESTED = ("state_dict", "model_state_dict", "model", "net", "network")


def weights(path):
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        sys.exit(f"{path}: {error}\nSave the weights alone: torch.save(network.state_dict(), {path!r})")
    for key in NESTED:
        if isinstance(saved, dict) and isinstance(saved.get(key), dict):
            saved = saved[key]
    tensors = {name: value for name, value in saved.items() if torch.is_tensor(value) and value.is_floating_point()}
    if not tensors:
        sys.exit(f"{path}: expected a state dict, found {', '.join(map(str, list(saved)[:6])) or 'nothing'}")
    return {name: value.detach().float().contiguous().clone() for name, value in tensors.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", help="the .pth file")
    parser.add_argument("out", help="the .safetensors file to write")
    parser.add_argument("--dataset", default="", help="its name, such as cifar10")
    parser.add_argument("--classes", default="", help="names in the order of the logits, with commas between")
    parser.add_argument("--size", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"), default=(0, 0))
    parser.add_argument("--mean", type=float, nargs="+", default=[], help="a channel each, on a scale of 0 to 1")
    parser.add_argument("--std", type=float, nargs="+", default=[])
    parser.add_argument("--members", type=int, help="trained on the first so many training samples of each class")
    args = parser.parse_args()

    card = {
        "dataset": args.dataset,
        "class_names": args.classes.split(",") if args.classes else [],
        "height": args.size[0],
        "width": args.size[1],
        "mean": args.mean,
        "std": args.std,
        "members_per_class": args.members,
    }
    tensors = weights(args.checkpoint)
    save_file(tensors, args.out, metadata={"format": "pt", "purge": json.dumps(card)})
    print(f"{args.out}: {len(tensors)} tensors, {sum(t.numel() for t in tensors.values())} numbers")


if __name__ == "__main__":
    main()
