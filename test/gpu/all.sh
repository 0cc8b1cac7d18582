#!/bin/bash
# All that is measured on a machine with one of NVIDIA's GPUs, from the repository's folder: builds the CUDA backend for the card,
# makes models by chance, checks the server on the GPU, and measures. Each step goes on where one before it failed.
#   test/gpu/all.sh OUT [build] [check] [bench]      OUT takes a text file of each step; without a name all steps are done
# Needs the built server, its dependencies and Node in the path. LLAMA_SOURCE names llama.cpp's source where git is missing.
set -u
out=$1 && mkdir -p "$out"
shift
wanted=" ${*:-build check bench} "
work=${GPU_WORK:-/tmp/gpu-work} && mkdir -p "$work/cache"
cores=$(nproc)
# Where drivers and CUDA are in containers; node-llama-cpp looks there only when it is told.
for folder in /usr/local/nvidia/lib64 /usr/local/nvidia/lib /usr/local/cuda/lib64; do
  [ -d "$folder" ] && LD_LIBRARY_PATH="$folder:${LD_LIBRARY_PATH:-}"
done
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-}" PATH="$PATH:/usr/local/nvidia/bin:/usr/local/cuda/bin"

step() {
  local name=$1 limit=$2
  shift 2
  local started=$SECONDS
  timeout "$limit" "$@" >"$out/$name.txt" 2>&1
  local code=$?
  echo "== $name: exit $code after $((SECONDS - started)) s" | tee -a "$out/times.txt"
  [ $code -eq 0 ] || tail -n 12 "$out/$name.txt"
  return $code
}
wants() { [[ $wanted == *" $1 "* ]]; }

# All but what half of the model needs: 0.5 GB for CUDA itself, 1.1 GB for layers.
hold='python3 -c "
import torch
free, total = torch.cuda.mem_get_info()
kept = torch.empty(max(0, free - 1_700_000_000), dtype=torch.uint8, device=\"cuda\")
print(\"held\", kept.numel(), \"of\", total, flush=True)
input()
"'

nvidia-smi >"$out/nvidia-smi.txt" 2>&1
if wants build; then
  step models 60 node bench/random-model.ts "$work/random-f16.gguf" &
  step backend 480 node tools/cuda-backend.ts --build-folder "$work/backend" ${LLAMA_SOURCE:+--source "$LLAMA_SOURCE"}
  wait
fi
if wants check; then
  step check 150 node test/gpu/gpu-check.ts --model "$work/random-f16.gguf" --tokens 128
  tail -n 90 "$out/check.txt"
  # Numbers by chance may part early; a model that was trained says the same on both.
  step check-demo 90 node test/gpu/gpu-check.ts --model models/demo/demo-chat.gguf --tokens 64
  tail -n 90 "$out/check-demo.txt" | grep -A8 -E "answers as|measured|tokensPerSecond"
  step room 150 node test/gpu/gpu-room.ts --model "$work/random-f16.gguf" --hold "$hold"
  tail -n 70 "$out/room.txt"
fi
if wants bench; then
  step bench-gpu 120 node bench/local.ts --gpu --name local-gpu --model "$work/random-f16.gguf" --rounds 3 --tokens 256
  step bench-cpu 200 node bench/local.ts --name local-large --model "$work/random-f16.gguf" --rounds 2 --tokens 32 --threads "$cores"
  cat bench/further/local-gpu.json bench/further/local-large.json | tee "$out/bench.txt"
fi
