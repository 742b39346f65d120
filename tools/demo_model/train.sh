#!/bin/sh
# Corpus -> tokenizer -> training -> Hugging Face folder -> evaluation.
#
#   tools/demo_model/train.sh [WORK_DIR] [OUT_DIR]
#
# Needs Debian's python3-torch and libopenblas0-pthread (without OpenBLAS training
# takes ten times as long). Interrupt it at will: the same command resumes.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-"$here/../../build/demo_model"}
out=${2:-"$here/../../models/demo"}
python=${PYTHON:-/usr/bin/python3}
steps=${STEPS:-10000}

mkdir -p "$work" "$out"
work=$(cd "$work" && pwd)
out=$(cd "$out" && pwd)
cd "$here"

# One BLAS thread per worker process; keep freed memory, as every step needs it again.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
export MALLOC_MMAP_THRESHOLD_=2000000000 MALLOC_TRIM_THRESHOLD_=4000000000
export MALLOC_TOP_PAD_=200000000

"$python" -m qdemo.train --work "$work" --steps "$steps"
"$python" -m qdemo.export --work "$work" --out "$out"
"$python" -m qdemo.evaluate "$out" --json "$work/results.json"
