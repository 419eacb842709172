"""The same training steps in PyTorch, eager; prints the seconds per step.

python benchmarks/training_torch.py physgan|fastsim
"""

import itertools
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional


class PhysganGenerator(nn.Module):
    """`physgan_unparameterized`."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(32, 360)
        shapes = [(40, 32, 1), (32, 16, 1), (16, 8, 1), (8, 4, 0), (4, 1, 0)]
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, 3, padding=pad) for a, b, pad in shapes)

    def forward(self, latent, conditions):
        """(events, 8, 8)."""
        x = functional.relu(self.dense(latent)).view(-1, 40, 3, 3)
        for number, convolution in enumerate(self.convolutions):
            x = convolution(x)
            if number < 4:
                x = functional.relu(x)
            if number < 2:
                x = functional.interpolate(x, scale_factor=2)
        return x[:, 0]


class PhysganCritic(nn.Module):
    """`physgan_discriminator`."""

    def __init__(self):
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in ((1, 16), (16, 32), (32, 64)))
        self.first, self.last = nn.Linear(256, 128), nn.Linear(128, 1)

    def forward(self, responses, conditions):
        """(events, 1)."""
        x = responses[:, None]
        for number, convolution in enumerate(self.convolutions):
            x = functional.relu(convolution(x))
            if number < 2:
                x = functional.max_pool2d(x, 2)
        return self.last(functional.relu(self.first(x.flatten(1))))


class FastsimGenerator(nn.Module):
    """`fastsim_generator`."""

    def __init__(self):
        super().__init__()
        sizes = (36, 32, 64, 64, 64)
        self.dense = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(sizes))
        self.last = nn.Linear(64, 128)

    def forward(self, latent, conditions):
        """(events, 8, 16)."""
        x = torch.cat([conditions, latent], 1)
        for dense in self.dense:
            x = functional.elu(dense(x))
        x = self.last(x)
        low, high = 0.1 * 0.30103, 0.30103
        between = low + (high - low) * x / 0.01
        below = low * torch.exp(torch.clamp(x, max=0.0))
        return torch.where(x > 0.01, high + x - 0.01, torch.where(x > 0, between, below)).view(-1, 8, 16)


class FastsimCritic(nn.Module):
    """`fastsim_critic`."""

    def __init__(self):
        super().__init__()
        shapes = ((5, 16, 3, 1), (16, 16, 3, 1), (16, 32, 3, 1), (32, 32, 3, 1), (32, 64, 3, 0), (64, 64, 2, 0))
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, size, padding=pad) for a, b, size, pad in shapes)
        self.first, self.last = nn.Linear(68, 128), nn.Linear(128, 1)

    def forward(self, responses, conditions):
        """(events, 1)."""
        tiled = conditions[:, :, None, None].expand(-1, -1, 8, 16)
        x = torch.cat([responses[:, None], tiled], 1)
        for number, convolution in enumerate(self.convolutions):
            x = functional.elu(convolution(x))
            if number in (1, 3):
                x = functional.max_pool2d(x, (1, 2) if number == 1 else 2)
        return self.last(functional.elu(self.first(torch.cat([x.flatten(1), conditions], 1))))


PAIRS = {
    "physgan": (PhysganGenerator, PhysganCritic, (8, 8), 0, 128, 1, 30),
    "fastsim": (FastsimGenerator, FastsimCritic, (8, 16), 4, 32, 8, 5),
}


def main(pair):
    """Trains on random responses, as the time does not depend on what they are."""
    make_generator, make_critic, shape, conditions, batch, critic_steps, steps = PAIRS[pair]
    generator, critic = make_generator(), make_critic()
    optimizers = [torch.optim.RMSprop(network.parameters(), lr=3e-4) for network in (generator, critic)]
    responses, told = torch.rand(10_000, *shape), torch.rand(10_000, conditions)

    def step():
        for _ in range(critic_steps):
            index = torch.randint(len(responses), (batch,))
            real, condition = responses[index], told[index]
            with torch.no_grad():
                fake = generator(torch.randn(batch, 32), condition)
            u = torch.rand(batch, 1, 1)
            mixed = (u * real + (1 - u) * fake).requires_grad_(True)
            (gradient,) = torch.autograd.grad(critic(mixed, condition).sum(), mixed, create_graph=True)
            penalty = 10 * ((gradient.flatten(1).norm(dim=1) - 1) ** 2).mean()
            loss = critic(fake, condition).mean() - critic(real, condition).mean() + penalty
            optimizers[1].zero_grad()
            loss.backward()
            optimizers[1].step()
        optimizers[0].zero_grad()
        (-critic(generator(torch.randn(batch, 32), condition), condition).mean()).backward()
        optimizers[0].step()

    for _ in range(3):
        step()
    times = []
    for _ in range(3):
        started = time.perf_counter()
        for _ in range(steps):
            step()
        times.append((time.perf_counter() - started) / steps)
    print(statistics.median(times))


main(sys.argv[1])
