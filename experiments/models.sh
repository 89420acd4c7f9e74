# What the scripts of these folders share; they source it with `shared`, the folder of the collected models and data sets, set. It builds the command, which is
# "${tersor[@]}" then, and makes `work`, a folder that goes away at the end.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dotnet build "$root/src/Tersor.Cli" -c Release -v quiet > /dev/null
tersor=(dotnet "$root/src/Tersor.Cli/bin/Release/net10.0/Tersor.Cli.dll")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Seeds of rows that are run with several.
read -ra seeds <<< "${SEEDS:-0 1 2}"

# What each collected model is judged on, and how its images become inputs.
declare -A judged_on=(
    [lenet-300-100]='mnist:mnist'
    [lenet5]='mnist:mnist'
    [resnet20]='cifar10:cifar10 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225'
    [resnet56]='cifar10:cifar10 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225'
    [resnet8-mlperf-tiny]='cifar10:cifar10 --scale 1'
    [squeezenet-v1.0-deep-compressed]='npz:imagenet-sample/sample128.npz --scale 1 --mean 104,117,123 --channels bgr --batch 16'
)

# take MODEL: its file as `source`, its data as `data`, and all options that judge it as `judging`.
take() {
    source="$shared/models/$1.onnx"
    read -ra judging <<< "${judged_on[$1]}"
    data=${judging[0]}
    judging=(--data "${data/:/:$shared/data/}" "${judging[@]:1}")
}

# number NAME: the first value of that name in the JSON on stdin.
number() { grep -m1 -E "^ *\"$1\":" | sed 's/.*: *//; s/,$//'; }

# verdict REPORT: what compress --json lost on the data of the verdict, in points, and the 95 % interval, as two cells of a table.
verdict() {
    sed -n '/"verdict"/,/}/p' "$1" | awk '/"drop":/ { drop = $2 } /"dropLow":/ { low = $2 } /"dropHigh":/ { high = $2 } END { printf "%.2f | %.2f to %.2f", 100 * drop, 100 * low, 100 * high }'
}

# total FILE NAME: what inspect counts of that name over the whole model.
total() { "${tersor[@]}" inspect "$1" --json | sed -n '/"totals"/,$p' | number "$2"; }

# median: the middle one of the numbers on stdin, of two the smaller.
median() { sort -g | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

# held_out FILE: top-1 of the held-out samples after each step, of what apply printed as JSON, a line each.
held_out() { grep -oE '"validation":\{[^}]*\}[^}]*' "$1" | sed -E 's/.*"top1":([0-9.e-]+).*/\1/'; }

# million MODEL: its multiply-adds for an image.
million() { total "$1" multiplyAdds | awk '{ printf "%.2f", $1 / 1e6 }'; }

# error MODEL: its top-1 error in percent, judged as `judging` says.
error() { "${tersor[@]}" evaluate "$1" "${judging[@]}" --quiet --json | number top1 | awk '{ printf "%.2f", 100 - 100 * $1 }'; }

# build_bench: makes what times things, "${bench[@]}" then.
build_bench() {
    dotnet build "$root/bench/Tersor.Bench" -c Release -v quiet --nologo > /dev/null
    bench=(dotnet "$root/bench/Tersor.Bench/bin/Release/net10.0/Tersor.Bench.dll")
}

# times MODEL BATCH: microseconds for an image on two threads, so many at once, in our engine and in ONNX Runtime, turn by turn, as two cells of a table: the fastest of all runs in
# ROUNDS (3) times SECONDS_EACH (2). ONNX Runtime is "absent" where TERSOR_ONNXRUNTIME does not name the folder that holds node_modules/onnxruntime-node. After build_bench.
times() {
    "${bench[@]}" opponents --model "$1" --batch "$2" --threads 2 --rounds "${ROUNDS:-3}" --seconds "${SECONDS_EACH:-2}" \
        | awk -F' *[|] *' -v b="$2" '/, inference of/ { printf "%.1f | %s", 1e3 * $3 / b, ($5 ~ /^[0-9]/ ? sprintf("%.1f", 1e3 * $5 / b) : "absent") }'
}
