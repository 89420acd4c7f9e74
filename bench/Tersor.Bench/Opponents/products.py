"""Fastest product of a float32 matrix with BATCH columns, in milliseconds: python3 products.py openblas|scipy|torch FILE ROWS COLUMNS BATCH THREADS SECONDS."""
import os
import sys
import time

name, path = sys.argv[1:3]
rows, columns, batch, threads = map(int, sys.argv[3:7])
seconds = float(sys.argv[7])
os.environ["OPENBLAS_NUM_THREADS"] = str(threads)
import numpy

weights = numpy.fromfile(path, numpy.float32).reshape(rows, columns)
inputs = numpy.random.default_rng(1).standard_normal((columns, batch)).astype(numpy.float32)
if batch == 1:
    inputs = inputs[:, 0].copy()

if name == "openblas":
    numpy.dot(weights[:2], inputs)
    with open("/proc/self/maps") as maps:
        if "openblas" not in maps.read():
            sys.exit("numpy runs on another BLAS: install libopenblas0-pthread, or name its folder in LD_LIBRARY_PATH")
    product = numpy.empty((rows,) + inputs.shape[1:], numpy.float32)
    run = lambda: numpy.dot(weights, inputs, out=product)
elif name == "scipy":
    import scipy.sparse

    matrix = scipy.sparse.csr_matrix(weights)
    run = lambda: matrix @ inputs
else:
    import torch

    torch.set_num_threads(threads)
    matrix = torch.from_numpy(weights).to_sparse_csr()

    # Without MKL, torch multiplies sparse matrices with matrices only: a vector is one of a single column.
    vectors = torch.from_numpy(inputs.reshape(columns, batch))
    run = lambda: matrix @ vectors

run()
run()
fastest, end = float("inf"), time.perf_counter() + seconds
while time.perf_counter() < end:
    start = time.perf_counter()
    run()
    fastest = min(fastest, time.perf_counter() - start)
print(1000 * fastest)
