"""Makes tests/fixtures/rivals: three steps of each rival method that is a loop, as PyTorch takes them, in 64-bit floats.

    pip install torch safetensors
    python tools/rivals_fixture.py

Each batch is all of D_f or all of D_r, so that no order of samples matters. Labels and weights that are drawn at random are drawn here
as the crate draws them.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

WIDTH, CLASSES, PER_CLASS, FORGET = 8, 3, 8, 1
MEAN, STD = 0.3, 0.3
# Every so many weights are kept of each step.
STRIDE = 7


class ChaCha8:
    """The crate's random numbers: rand_chacha's ChaCha8Rng, and what rand makes of them."""

    def __init__(self, seed):
        self.key, state = [], seed
        for _ in range(8):
            state = (state * 6364136223846793005 + 11634580027462260723) % 2**64
            mixed = ((state >> 18 ^ state) >> 27) % 2**32
            turn = state >> 59
            self.key.append((mixed >> turn | mixed << (32 - turn)) % 2**32)
        self.block, self.words = 0, []

    def next(self):
        if not self.words:
            start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *self.key]
            start += [self.block % 2**32, self.block >> 32, 0, 0]
            x = list(start)

            def quarter(a, b, c, d):
                for to, of, by, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                    x[to] = (x[to] + x[of]) % 2**32
                    mixed = x[by] ^ x[to]
                    x[by] = (mixed << turn | mixed >> (32 - turn)) % 2**32

            for _ in range(4):
                for i in range(4):
                    quarter(i, 4 + i, 8 + i, 12 + i)
                for i in range(4):
                    quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
            self.words = [(a + b) % 2**32 for a, b in zip(x, start)]
            self.block += 1
        return self.words.pop(0)

    def below(self, count):
        return self.next() * count >> 32

    def between(self, bound):
        """From −bound to bound, as 32-bit floats."""
        unit = torch.tensor((self.next() >> 9) / 2**23, dtype=torch.float32)
        return unit * (bound + bound) - bound


def drawn(choices, passes):
    """Labels for the eight samples of class 1 in each pass over them."""
    chance = ChaCha8(0x1ABE1)
    return [[choices[chance.below(len(choices))] for _ in range(PER_CLASS)] for _ in range(passes)]


DRAWN_OTHERS = drawn([0, 2], 1)[0]
DRAWN_ALL = drawn([0, 1, 2], 2)


class SmallCnn(nn.Module):
    def __init__(self, norm):
        super().__init__()
        sizes = [1, WIDTH, 2 * WIDTH, 4 * WIDTH, 4 * WIDTH]
        for i in range(4):
            channels = sizes[i + 1]
            setattr(self, f"conv{i + 1}", nn.Conv2d(sizes[i], channels, 3, padding=1))
            layer = nn.BatchNorm2d(channels) if norm == "batch" else nn.GroupNorm(8, channels)
            setattr(self, f"norm{i + 1}", layer)
        self.fc = nn.Linear(4 * WIDTH, CLASSES)

    def forward(self, x):
        for i in range(1, 5):
            x = F.relu(getattr(self, f"norm{i}")(getattr(self, f"conv{i}")(x)))
            x = F.max_pool2d(x, 2) if i <= 2 else x
        return self.fc(x.mean((2, 3)))


def knows_nothing(norm):
    """The network with random weights of Bad Teacher."""
    net, chance = SmallCnn(norm).double().eval(), ChaCha8(0xBAD)
    with torch.no_grad():
        for layer in (net.conv1, net.conv2, net.conv3, net.conv4, net.fc):
            bound = 1 / torch.tensor(float(layer.weight[0].numel())).sqrt()
            for p in (layer.weight, layer.bias):
                p.copy_(torch.stack([chance.between(bound) for _ in range(p.numel())]).view_as(p))
    return net


def images():
    """A bright bar at a place of the class's own, in noise."""
    labels = torch.arange(CLASSES * PER_CLASS) % CLASSES
    pixels = torch.randint(0, 120, (len(labels), 1, 8, 8))
    for i, label in enumerate(labels):
        pixels[i, :, :, 3 * label : 3 * label + 2] += 60
    return pixels.to(torch.uint8), labels


def trained(norm, x, y):
    net = SmallCnn(norm).double()
    adam = torch.optim.Adam(net.parameters(), lr=3e-3)
    for _ in range(12):
        adam.zero_grad()
        F.cross_entropy(net(x), y).backward()
        adam.step()
    with torch.no_grad():
        for value in net.state_dict().values():
            if value.is_floating_point():
                value.copy_(value.float())
    return net


def kl(target_logits, logits, t):
    """KL(σ(target/T) ‖ σ(logits/T)), a mean over the batch."""
    target = F.log_softmax(target_logits / t, 1)
    return F.kl_div(F.log_softmax(logits / t, 1), target, log_target=True, reduction="batchmean")


def percent(logits, labels):
    return 100 * (logits.argmax(1) == labels).double().mean().item()


class Case:
    """Three steps from a trained network."""

    def __init__(self, data, name, method, norm, preset, settings):
        self.x, self.y = data["x"], data["y"]
        self.forget, self.retain = self.y == FORGET, self.y != FORGET
        self.name, self.norm = name, norm
        self.teacher = data[norm]
        self.net = SmallCnn(norm).double()
        self.net.load_state_dict(self.teacher.state_dict())
        self.settings = settings
        self.json = {"method": method, "norm": norm, "preset": preset, "settings": settings, "steps": []}
        self.tensors = {}
        self.net.train(settings.get("batch_norm", "frozen") == "train")
        self.teacher.eval()
        rate, decay = settings["learning_rate"], settings["weight_decay"]
        if settings.get("optimizer") == "adam":
            self.rule = torch.optim.Adam(self.net.parameters(), lr=rate, weight_decay=decay)
        else:
            self.rule = torch.optim.SGD(self.net.parameters(), lr=rate, momentum=settings["momentum"], weight_decay=decay)

    def flat(self):
        return torch.cat([p.detach().flatten() for p in self.net.parameters()])

    def teacher_logits(self, which):
        with torch.no_grad():
            return self.teacher(self.x[which])

    def gradient(self, loss):
        self.rule.zero_grad()
        loss.backward()
        return torch.cat([p.grad.flatten() for p in self.net.parameters()]).norm().item()

    def clipped(self):
        if self.settings["max_grad_norm"] > 0:
            nn.utils.clip_grad_norm_(self.net.parameters(), self.settings["max_grad_norm"])

    def keep(self, scalars):
        step = len(self.json["steps"])
        start = torch.cat([p.detach().flatten() for p in self.teacher.parameters()])
        moved = (self.flat() - start).norm().item()
        self.json["steps"].append({"scalars": scalars, "moved": moved})
        self.tensors[f"step{step}.weights"] = self.flat()[::STRIDE].float().contiguous()
        if self.norm == "batch":
            running = [getattr(self.net, f"norm{i}") for i in range(1, 5)]
            running = [getattr(norm, f"running_{what}") for norm in running for what in ("mean", "var")]
            self.tensors[f"step{step}.running"] = torch.cat(running).float()

    def done(self, folder):
        (folder / f"{self.name}.json").write_text(json.dumps(self.json, indent=1) + "\n")
        save_file(self.tensors, folder / f"{self.name}.safetensors")


def descent(**changes):
    plain = {"optimizer": "sgd", "learning_rate": 0.02, "momentum": 0.9, "weight_decay": 0.01, "max_grad_norm": 0.0}
    return plain | {"batch_norm": "train"} | changes


def of_labels(case, which, labels, sign, names):
    logits = case.net(case.x[which])
    loss = F.cross_entropy(logits, labels)
    norm = case.gradient(sign * loss)
    case.clipped()
    case.rule.step()
    return {names[0]: loss.item(), names[1]: percent(logits, labels), "update_norm": norm}


def fine_tune(case):
    for _ in range(3):
        case.keep(of_labels(case, case.retain, case.y[case.retain], 1, ("retain_ce", "retain_accuracy")))


def gradient_ascent(case):
    for _ in range(3):
        case.keep(of_labels(case, case.forget, case.y[case.forget], -1, ("forget_ce", "forget_accuracy")))


def kl_uniform_plain(case):
    for _ in range(3):
        logits = case.net(case.x[case.forget])
        uniform = torch.zeros_like(logits)
        objective = kl(uniform, logits, 1.0)
        labels = case.y[case.forget]
        scalars = {"forget_objective": objective.item(), "forget_ce": F.cross_entropy(logits, labels).item()}
        with torch.no_grad():
            scalars["retain_ce"] = F.cross_entropy(case.net(case.x[case.retain]), case.y[case.retain]).item()
        scalars["update_norm"] = case.gradient(objective)
        case.rule.step()
        case.keep(scalars | {"forget_accuracy": percent(logits, labels)})


def neg_grad_plus(case):
    alpha = case.settings["retain_weight"]
    for _ in range(3):
        retain, forget = case.net(case.x[case.retain]), case.net(case.x[case.forget])
        of_retain = F.cross_entropy(retain, case.y[case.retain])
        of_forget = F.cross_entropy(forget, case.y[case.forget])
        loss = alpha * of_retain - (1 - alpha) * of_forget
        scalars = {"loss": loss.item(), "retain_ce": of_retain.item(), "forget_ce": of_forget.item()}
        scalars["retain_accuracy"] = percent(retain, case.y[case.retain])
        scalars["forget_accuracy"] = percent(forget, case.y[case.forget])
        scalars["update_norm"] = case.gradient(loss)
        case.clipped()
        case.rule.step()
        case.keep(scalars)


TAUGHT = ("batch_ce", "batch_accuracy")


def random_labels_others(case):
    labels = case.y.clone()
    labels[case.forget] = torch.tensor(DRAWN_OTHERS)
    everything = torch.ones_like(case.forget)
    for _ in range(3):
        scalars = of_labels(case, everything, labels, 1, TAUGHT)
        case.keep(scalars | {"forget_share": 100 / 3})


def random_labels_all(case):
    for step in range(3):
        if step % 2 == 0:
            drawn = torch.tensor(DRAWN_ALL[step // 2])
            case.keep(of_labels(case, case.forget, drawn, 1, TAUGHT) | {"forget_share": 100})
        else:
            case.keep(of_labels(case, case.retain, case.y[case.retain], 1, TAUGHT) | {"forget_share": 0})


def saliency(case, at_once):
    """The sum over batches of the gradient of −CE, at the network from before."""
    net, total = case.teacher, 0
    for some in case.forget.nonzero().flatten().split(at_once):
        net.zero_grad()
        (-F.cross_entropy(net(case.x[some]), case.y[some])).backward()
        total = total + torch.cat([p.grad.flatten() for p in net.parameters()])
    net.zero_grad()
    return total


def widest_gap(values):
    """A share near a third whose last value is well over the next one, which no rounding then exchanges."""
    ordered = values.abs().sort(descending=True).values
    count = len(ordered)
    near = range(int(0.3 * count), int(0.36 * count))
    best = max(near, key=lambda k: (ordered[k - 1] / ordered[k]).item())
    return (best + 0.5) / count


def salun(case):
    of_forget = saliency(case, len(case.y))
    case.settings["mask_share"] = widest_gap(of_forget)
    kept = int(len(of_forget) * case.settings["mask_share"])
    mask = torch.zeros_like(of_forget)
    mask[of_forget.abs().argsort(descending=True)[:kept]] = 1
    case.tensors["mask"] = mask.to(torch.uint8)
    case.tensors["saliency_of_3"] = saliency(case, 3)[::STRIDE].float().contiguous()
    masks, at = [], 0
    for p in case.net.parameters():
        masks.append(mask[at : at + p.numel()].view_as(p).bool())
        at += p.numel()
    for step in range(3):
        if step % 2 == 0:
            which, labels, share = case.forget, torch.tensor(DRAWN_ALL[step // 2]), 100
        else:
            which, labels, share = case.retain, case.y[case.retain], 0
        logits = case.net(case.x[which])
        loss = F.cross_entropy(logits, labels)
        scalars = {"batch_ce": loss.item(), "batch_accuracy": percent(logits, labels), "forget_share": share}
        scalars["update_norm"] = case.gradient(loss)
        before = [p.detach().clone() for p in case.net.parameters()]
        for p, keep in zip(case.net.parameters(), masks):
            p.grad *= keep
        case.rule.step()
        with torch.no_grad():
            for p, keep, old in zip(case.net.parameters(), masks, before):
                p.copy_(torch.where(keep, p, old))
                case.rule.state[p]["momentum_buffer"] *= keep
        case.keep(scalars)


def scrub(case):
    s = case.settings
    t = s["temperature"]
    pushes = [True, False, True] if s["batch_norm"] == "train" and case.norm == "batch" else [False, True, False]
    for push in pushes:
        which = case.forget if push else case.retain
        logits, labels = case.net(case.x[which]), case.y[which]
        d = t * t * kl(case.teacher_logits(which), logits, t)
        ce = F.cross_entropy(logits, labels)
        loss = -d if push else s["ce_weight"] * ce + s["kd_weight"] * d
        scalars = {"divergence": d.item(), "batch_ce": ce.item(), "batch_accuracy": percent(logits, labels)}
        scalars["forget_share"] = 100 if push else 0
        scalars["update_norm"] = case.gradient(loss)
        case.rule.step()
        case.keep(scalars)


def bad_teacher(case):
    t = case.settings["temperature"]
    everything = torch.ones_like(case.forget)
    teacher = case.teacher_logits(everything)
    with torch.no_grad():
        teacher[case.forget] = knows_nothing(case.norm)(case.x[case.forget])
    for _ in range(3):
        logits = case.net(case.x)
        loss = kl(teacher, logits, t)
        scalars = {"divergence": loss.item(), "batch_ce": F.cross_entropy(logits, case.y).item()}
        scalars |= {"batch_accuracy": percent(logits, case.y), "forget_share": 100 / 3}
        scalars["update_norm"] = case.gradient(loss)
        case.rule.step()
        case.keep(scalars)


def l1_sparse(case):
    alpha, epochs = case.settings["l1_weight"], case.settings["epochs"]
    for epoch in range(3):
        pull = alpha * (1 - epoch / epochs)
        logits = case.net(case.x[case.retain])
        loss = F.cross_entropy(logits, case.y[case.retain])
        scalars = {"retain_ce": loss.item(), "retain_accuracy": percent(logits, case.y[case.retain]), "pull": pull}
        scalars["update_norm"] = case.gradient(loss)
        (pull * torch.cat([p.flatten() for p in case.net.parameters()]).abs().sum()).backward()
        case.rule.step()
        case.keep(scalars)


def main():
    torch.manual_seed(11)
    folder = Path(__file__).parent.parent / "tests/fixtures/rivals"
    pixels, y = images()
    x = (pixels.double() / 255 - MEAN) / STD
    data = {"x": x, "y": y, "group": trained("group", x, y), "batch": trained("batch", x, y)}
    for norm in ("group", "batch"):
        state = {k: v.float().contiguous() for k, v in data[norm].state_dict().items() if v.is_floating_point()}
        save_file(state, folder / f"{norm}.safetensors")
    (folder / "images.json").write_text(json.dumps({"pixels": pixels.flatten().tolist(), "labels": y.tolist()}) + "\n")

    def case(name, method, run, norm, settings, preset="published"):
        made = Case(data, name, method, norm, preset, settings)
        run(made)
        made.done(folder)

    both = (("group", descent()), ("batch", descent()))
    for norm, settings in both:
        case(f"fine_tune_{norm}", "fine_tune", fine_tune, norm, settings)
        case(f"gradient_ascent_{norm}", "gradient_ascent", gradient_ascent, norm, settings)
        alpha = {"retain_weight": 0.8, "max_grad_norm": 0.5}
        case(f"neg_grad_plus_{norm}", "neg_grad_plus", neg_grad_plus, norm, settings | alpha)
        case(f"random_labels_others_{norm}", "random_labels", random_labels_others, norm, settings | {"labels": "others"})
        case(f"random_labels_all_{norm}", "random_labels", random_labels_all, norm, settings | {"labels": "all"})
        case(f"salun_{norm}", "salun", salun, norm, settings | {"labels": "all"})
        weights = {"max_epochs": 2, "ce_weight": 0.9, "kd_weight": 0.3, "temperature": 4.0, "learning_rate": 0.01}
        case(f"scrub_{norm}", "scrub", scrub, norm, settings | weights)
        case(f"bad_teacher_{norm}", "bad_teacher", bad_teacher, norm, settings | {"temperature": 2.0, "retain_fraction": 1.0})
        case(f"l1_sparse_{norm}", "l1_sparse", l1_sparse, norm, settings | {"l1_weight": 5e-3, "epochs": 3})
    frozen = descent(batch_norm="frozen", learning_rate=0.002)
    case("gradient_ascent_frozen", "gradient_ascent", gradient_ascent, "batch", frozen)
    # Adam divides by the size of a gradient: without decay, rounding would move the weights whose gradient is next to nothing.
    adam = descent(optimizer="adam", learning_rate=1e-3, batch_norm="frozen")
    case("random_labels_adam", "random_labels", random_labels_others, "batch", adam | {"labels": "others"})
    plain = {key: value for key, value in descent().items() if key not in ("optimizer", "batch_norm")}
    for norm in ("group", "batch"):
        case(f"kl_uniform_plain_{norm}", "kl_uniform", kl_uniform_plain, norm, dict(plain), "plain")


if __name__ == "__main__":
    main()
