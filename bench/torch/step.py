"""A PURGE step of the strict preset, and an evaluation, in PyTorch on one thread, for `bench/`.

Answers lines of standard input, `steps N` and `evaluate`, with lines of JSON, as `purge bench --on-request` does.
What it leaves out: the step's reported numbers, the membership attacks' scores and the stopping rules.
"""

import argparse
import gzip
import json
import struct
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

DTYPES = {"F32": torch.float32, "F16": torch.float16}
# Of the strict preset, with a learning rate at which nothing is ever forgotten.
BETA = {"mnist": 3.0, "pathmnist": 5.0}
LAMBDA, TEMPERATURE, SHARE, NORM, MOMENTUM, DECAY, RATE = 0.03, 4.0, 0.5, 1.0, 0.9, 5e-4, 1e-12


def read_weights(path):
    """A safetensors file, as tensors by their names."""
    with open(path, "rb") as file:
        raw = bytearray(file.read())
    (length,) = struct.unpack_from("<Q", raw)
    header = json.loads(raw[8 : 8 + length])
    header.pop("__metadata__", None)
    weights = {}
    for name, about in header.items():
        start, end = about["data_offsets"]
        part = torch.frombuffer(raw[8 + length + start : 8 + length + end], dtype=DTYPES[about["dtype"]])
        weights[name] = part.reshape(about["shape"]).float()
    return weights


def read_packed(path):
    """A packed dataset: its header, and for each split images in float and labels."""
    with open(path, "rb") as file:
        raw = file.read()
    raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    (length,) = struct.unpack_from("<I", raw, 12)
    header = json.loads(raw[16 : 16 + length])
    shape = [header["channels"], header["height"], header["width"]]
    size = shape[0] * shape[1] * shape[2]
    mean, std = (torch.tensor(header["normalisation"][key]).reshape(1, -1, 1, 1) for key in ("mean", "std"))
    at, splits = 16 + length, {}
    for split in header["splits"]:
        count = split["count"]
        labels = torch.frombuffer(bytearray(raw[at : at + count]), dtype=torch.uint8).long()
        pixels = torch.frombuffer(bytearray(raw[at + count : at + count * (1 + size)]), dtype=torch.uint8)
        splits[split["name"]] = ((pixels.reshape([count, *shape]).float() / 255 - mean) / std, labels)
        at += count * (1 + size)
    return header, splits


class SmallCnn(nn.Module):
    def __init__(self, weights):
        super().__init__()
        last = None
        for block in range(1, 5):
            out, inputs = weights[f"conv{block}.weight"].shape[:2]
            setattr(self, f"conv{block}", nn.Conv2d(inputs, out, 3, padding=1))
            batch = f"norm{block}.running_mean" in weights
            setattr(self, f"norm{block}", nn.BatchNorm2d(out) if batch else nn.GroupNorm(8, out))
            last = out
        self.fc = nn.Linear(last, weights["fc.weight"].shape[0])

    def forward(self, x):
        taps = []
        for block in range(1, 5):
            x = F.relu(getattr(self, f"norm{block}")(getattr(self, f"conv{block}")(x)))
            if block < 3:
                x = F.max_pool2d(x, 2)
            else:
                taps.append(x.mean((2, 3)))
        return self.fc(taps[1]), [*taps, taps[1]]


class Block(nn.Module):
    def __init__(self, inputs, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.downsample = None
        if inputs != out:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        way = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(x)) + way)


class ResNet18(nn.Module):
    """With the stem for ImageNet."""

    def __init__(self, weights):
        super().__init__()
        width, channels = weights["conv1.weight"].shape[:2]
        self.conv1 = nn.Conv2d(channels, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inputs = width
        for stage in range(4):
            out = width << stage
            blocks = [Block(inputs, out, 1 if stage == 0 else 2), Block(out, out, 1)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            inputs = out
        self.fc = nn.Linear(inputs, weights["fc.weight"].shape[0])

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        third = self.layer3(self.layer2(self.layer1(x)))
        features = self.layer4(third).mean((2, 3))
        return self.fc(features), [third.mean((2, 3)), features, features]


def project(gradient, retain):
    """Without its part against the retain gradient."""
    dot, square = gradient @ retain, retain @ retain
    return gradient - dot.clamp(max=0) / square.clamp(min=1e-12) * retain


class Stopwatch:
    def __init__(self, args):
        weights = read_weights(args.model)
        header, splits = read_packed(args.data)
        self.net = (SmallCnn if "norm1.weight" in weights else ResNet18)(weights)
        self.net.load_state_dict(weights, strict=False)
        # Norms use their running statistics, as PURGE has them.
        self.net.eval()
        self.beta = BETA.get(header["name"], 3.0)
        self.parameters = list(self.net.parameters())
        self.momentum = None
        self.train, self.test = splits["train"], splits["test"]
        self.images = len(self.train[1]) + len(self.test[1])
        self.forget, self.batch = args.forget, args.batch
        labels = self.train[1]
        self.pools = [(labels != args.forget).nonzero().squeeze(1), (labels == args.forget).nonzero().squeeze(1)]
        with torch.no_grad():
            self.teacher = self.logits(self.train[0])

    def logits(self, images):
        return torch.cat([self.net(part)[0] for part in images.split(256)])

    def draw(self, pool):
        return pool[torch.randint(len(pool), (self.batch,))]

    def gradient(self, loss):
        return torch.cat([part.reshape(-1) for part in torch.autograd.grad(loss, self.parameters)])

    def step(self):
        images, labels = self.train
        retain, forget = (self.draw(pool) for pool in self.pools)
        logits, taps = self.net(images[retain])
        soft = [F.log_softmax(part / TEMPERATURE, 1) for part in (self.teacher[retain], logits)]
        distance = F.kl_div(soft[1], soft[0], reduction="batchmean", log_target=True) * TEMPERATURE**2
        retain_gradient = self.gradient(F.cross_entropy(logits, labels[retain]) + self.beta * distance)
        means = [tap.detach().mean(0) for tap in taps]

        logits, taps = self.net(images[forget])
        target = logits.detach().clone()
        target[:, self.forget] = -torch.inf
        objective = F.kl_div(F.log_softmax(logits, 1), F.softmax(target, 1), reduction="batchmean")
        representation = sum(F.mse_loss(tap, mean.expand_as(tap)) for tap, mean in zip(taps, means)) / len(taps)
        gradient = self.gradient(objective + LAMBDA * representation)

        with torch.no_grad():
            theta = nn.utils.parameters_to_vector(self.parameters)
            gradient = project(gradient, retain_gradient) + SHARE * retain_gradient
            gradient = gradient * (NORM / (gradient.norm() + 1e-6)).clamp(max=1)
            direction = gradient + DECAY * theta
            if self.momentum is not None:
                direction = MOMENTUM * self.momentum + direction
            self.momentum = project(direction, retain_gradient)
            nn.utils.vector_to_parameters(theta - RATE * self.momentum, self.parameters)

    def steps(self, count):
        times = []
        for _ in range(count):
            began = time.perf_counter()
            self.step()
            times.append((time.perf_counter() - began) * 1e3)
        return times

    def evaluate(self):
        began = time.perf_counter()
        with torch.no_grad():
            for images, labels in (self.train, self.test):
                logits = self.logits(images)
                F.cross_entropy(logits, labels, reduction="none")
                torch.bincount(labels * logits.shape[1] + logits.argmax(1), minlength=logits.shape[1] ** 2)
        return (time.perf_counter() - began) * 1e3


def main():
    parser = argparse.ArgumentParser()
    for name, kind in (("model", str), ("data", str), ("forget", int), ("batch", int)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    watch = Stopwatch(parser.parse_args())
    print(json.dumps({"device": f"PyTorch {torch.__version__}", "images": watch.images}), flush=True)
    for line in sys.stdin:
        words = line.split()
        answer = watch.steps(int(words[1])) if words[0] == "steps" else watch.evaluate()
        print(json.dumps(answer), flush=True)


main()
