#!/usr/bin/env bash
# Makes docs/representations.md and its picture: storage, operations, energy and time of every form, beside OpenBLAS, scipy and torch in one run.
#   experiments/representations/run.sh [SHARED]
# SHARED is the folder of the collected models; by default ../shared beside the repository; without it, only synthetic matrices are compared. The opponents need
# python3 (TERSOR_PYTHON) with numpy on OpenBLAS, scipy and torch; which of them is absent is named in the tables.
# SECONDS_EACH (default 1) and ROUNDS (default 3) say how long each of them and each form is timed.
set -euo pipefail
shared=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/../shared}
. "$(dirname "${BASH_SOURCE[0]}")/../models.sh"
here=$root/experiments/representations
dotnet build "$here" -c Release -v quiet --nologo > /dev/null
build_bench
compare=(dotnet "$here/bin/Release/net10.0/Representations.dll")

files=()
if [[ -d $shared/models ]]; then
    files+=("$shared/models/squeezenet-v1.0-deep-compressed.safetensors")
    for model in lenet-300-100 lenet5 resnet20 resnet56; do
        "${tersor[@]}" compress "$shared/models/$model.onnx" -o "$work/$model-qp-28.nnc" --method uniform-rdo --qp -28 --quiet
        files+=("$work/$model-qp-28.nnc")
    done
fi

"${compare[@]}" plane "$root/docs/representations-plane.svg" "${files[@]}"
{
    cat "$here/page.md"
    echo
    echo '## Storage, operations, energy and time'
    echo
    echo 'Made by `experiments/representations/run.sh`. Bytes are those of all arrays in memory; operations are of one product with a vector, by the counting rules of the CER paper, and energy by its table (45 nm).'
    echo 'Times are the fastest runs of all layers of a network, one after the other, on one thread. `NAME-qp-28` is the model after `tersor compress --method uniform-rdo --qp -28`.'
    echo
    "${compare[@]}" tables "${files[@]}"
    echo '## Beside OpenBLAS, scipy and torch'
    echo
    for threads in 1 2; do
        "${bench[@]}" representations --seconds "${SECONDS_EACH:-1}" --rounds "${ROUNDS:-3}" --threads "$threads"
        echo
    done
} > "$work/page.md"
mv "$work/page.md" "$root/docs/representations.md"
