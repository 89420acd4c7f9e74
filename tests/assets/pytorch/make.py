"""Makes the golden files of this folder. Run with PyTorch 1.13; see README.md."""
import collections
import pathlib

import torch

here = pathlib.Path(__file__).parent
ramp = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 2, 3)
        self.norm = torch.nn.BatchNorm2d(2)

    def forward(self, x):
        return self.norm(self.conv(x))


net = Net()
for i, parameter in enumerate(net.parameters()):
    torch.nn.init.constant_(parameter, i + 0.5)

kinds = collections.OrderedDict()
for name in "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 complex64 complex128".split():
    kinds[name] = ramp.to(getattr(torch, name))
kinds["bool"] = (ramp.long() % 2).bool()
kinds["scalar"] = torch.tensor(1.5)
kinds["empty"] = torch.zeros(0, 3)
kinds["transposed"] = ramp.permute(2, 0, 1)
kinds["slice"] = ramp[1, :, 1:3]
kinds["tied"] = kinds["float32"]
kinds["parameter"] = torch.nn.Parameter(ramp[0])

optimizer = torch.optim.Adam(net.parameters(), lr=0.125)
net(torch.ones(1, 1, 3, 4)).sum().backward()
optimizer.step()

torch.save(kinds, here / "kinds.pt")
torch.save({"epoch": 3, "note": b"x", "state_dict": net.state_dict()}, here / "wrapped.pt")
torch.save({"step": 7, "model": net.state_dict(), "optimizer": optimizer.state_dict()}, here / "training.ckpt")
torch.save({"w": ramp}, here / "protocol4.pt", pickle_protocol=4)
torch.save(ramp, here / "lone.pt")
torch.save(net, here / "module.pt")
torch.save({"w": ramp}, here / "legacy.pt", _use_new_zipfile_serialization=False)
torch.save({"w": torch.zeros(1).expand(1000)}, here / "expanded.pt")
torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), here / "script.pt")
