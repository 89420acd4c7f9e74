#!/usr/bin/python3
"""Records PyTorch's gradients (in binary64) of the mean cross-entropy of 4 test images (MNIST for lenet5; CIFAR-10, normalized, for resnet20 with batch statistics).

Of many batches that one is taken in which no argument of a ReLU comes near 0: there binary32 may go the other way, which changes all gradients before it.

    record-gradients.py SHARED_FOLDER OUTPUT_FOLDER

NAME.gradients.json: the index of the first image, the loss, and per tensor its number of elements, the norm of its gradient, and up to 64 elements at even distances.
"""
import functools, gzip, json, os, sys
import numpy as np
import torch
import torch.nn.functional as F

shared, output = sys.argv[1:]
BATCH = 4
CANDIDATES = 400
margins = []


def relu(x):
    margins.append(x.detach().abs().min().item())
    return F.relu(x)


def weights(name):
    data = open(os.path.join(shared, "models", name + ".safetensors"), "rb").read()
    length = int.from_bytes(data[:8], "little")
    tensors = {}
    for key, entry in json.loads(data[8:8 + length]).items():
        if key == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[8 + length + begin:8 + length + end], np.float32).reshape(entry["shape"])
        tensors[key] = torch.tensor(values.astype(np.float64), requires_grad="running" not in key)
    return tensors


@functools.cache
def unpack(name):
    return gzip.open(os.path.join(shared, "data", name)).read()


def lenet5(w, start):
    x = torch.tensor(np.frombuffer(unpack("mnist/t10k-images-idx3-ubyte.gz")[16:], np.uint8).reshape(-1, 1, 28, 28)[start:start + BATCH] / 255.0)
    y = np.frombuffer(unpack("mnist/t10k-labels-idx1-ubyte.gz")[8:], np.uint8)[start:start + BATCH]
    x = F.max_pool2d(F.conv2d(x, w["conv1.weight"], w["conv1.bias"]), 2)
    x = F.max_pool2d(F.conv2d(x, w["conv2.weight"], w["conv2.bias"]), 2)
    x = relu(F.linear(x.flatten(1), w["fc1.weight"], w["fc1.bias"]))
    return F.linear(x, w["fc2.weight"], w["fc2.bias"]), y


def resnet20(w, start):
    records = np.frombuffer(unpack("cifar10/test_batch.bin.gz"), np.uint8).reshape(-1, 3073)[start:start + BATCH]
    mean = np.array([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1)
    deviation = np.array([0.229, 0.224, 0.225]).reshape(1, 3, 1, 1)
    x = torch.tensor((records[:, 1:].reshape(-1, 3, 32, 32) / 255.0 - mean) / deviation)

    def norm(x, name):
        return F.batch_norm(x, None, None, w[name + ".weight"], w[name + ".bias"], training=True, eps=1e-5)

    x = relu(norm(F.conv2d(x, w["conv1.weight"], padding=1), "bn1"))
    for stage in range(1, 4):
        for block in range(3):
            name = f"layer{stage}.{block}."
            stride = 2 if stage > 1 and block == 0 else 1
            z = relu(norm(F.conv2d(x, w[name + "conv1.weight"], stride=stride, padding=1), name + "bn1"))
            z = norm(F.conv2d(z, w[name + "conv2.weight"], padding=1), name + "bn2")
            if stride == 2:
                quarter = z.shape[1] // 4
                x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, quarter, quarter))
            x = relu(z + x)
    x = F.avg_pool2d(x, x.shape[3]).flatten(1)
    return F.linear(x, w["linear.weight"], w["linear.bias"]), records[:, 0]


for name, forward in (("lenet5", lenet5), ("resnet20", resnet20)):
    w = weights(name)
    best = (0, 0)
    for start in range(0, CANDIDATES * BATCH, BATCH):
        margins.clear()
        with torch.no_grad():
            forward(w, start)
        best = max(best, (min(margins), start))
    start = best[1]
    logits, labels = forward(w, start)
    loss = F.cross_entropy(logits, torch.tensor(labels.astype(np.int64)))
    loss.backward()
    report = {"first": start, "loss": loss.item(), "tensors": {}}
    for key, tensor in w.items():
        if tensor.grad is None:
            continue
        gradient = tensor.grad.numpy().ravel()
        step = max(1, gradient.size // 64)
        report["tensors"][key] = {
            "count": gradient.size,
            "norm": float(np.linalg.norm(gradient.astype(np.float64))),
            "step": step,
            "values": [float(value) for value in gradient[::step][:64]],
        }
    with open(os.path.join(output, name + ".gradients.json"), "w") as file:
        json.dump(report, file)
    print(name, start, best[0], loss.item(), len(report["tensors"]))
