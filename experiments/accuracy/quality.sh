#!/usr/bin/env bash
# What each quality costs on real models: bytes of the whole file (topology included) and top-1 on the full test set, measured on what is decoded from it.
# Prints a Markdown table.
#   ./quality.sh SHARED_FOLDER [QUALITY...]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
shared=$1
shift
qualities=("$@")
[ ${#qualities[@]} -gt 0 ] || qualities=(90 75 60 50 40 30)
dotnet build "$here/../../src/Tersor.Cli" -c Release -v quiet > /dev/null
tersor=("dotnet" "$here/../../src/Tersor.Cli/bin/Release/net10.0/Tersor.Cli.dll")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The fractions of a report, one per model, in the order of its rows.
top1() { sed -n '/"models": \[/,/^  \]/p' | grep -E '^      "top1":' | sed 's/.*: *//; s/,$//'; }

echo "| model | quality | bytes | times smaller | top-1 | drop in points |"
echo "|---|---|---|---|---|---|"
while read -r model data flags; do
    source="$shared/models/$model.onnx"
    files=("$source")
    for quality in "${qualities[@]}"; do
        files+=("$work/$model-$quality.nnc")
        "${tersor[@]}" compress "$source" -o "${files[-1]}" --quality "$quality" --quiet
    done

    # Word splitting of the flags is meant.
    # shellcheck disable=SC2086
    mapfile -t fractions < <("${tersor[@]}" evaluate "${files[@]}" --data "${data/:/:$shared/data/}" $flags --json --quiet | top1)
    for i in "${!files[@]}"; do
        awk -v m="$model" -v q="$([ "$i" -eq 0 ] && echo original || echo "${qualities[i - 1]}")" -v b="$(stat -c %s "${files[i]}")" -v s="$(stat -c %s "$source")" \
            -v c="${fractions[i]}" -v d="${fractions[0]}" \
            'BEGIN { printf "| %s | %s | %d | %.1f | %.2f | %s |\n", m, q, b, s / b, c * 100, q == "original" ? "" : sprintf("%.2f", (d - c) * 100) }'
    done
done << 'MODELS'
lenet-300-100 mnist:mnist
lenet5 mnist:mnist
resnet20 cifar10:cifar10 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225
resnet56 cifar10:cifar10 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225
resnet8-mlperf-tiny cifar10:cifar10 --scale 1
MODELS
