#!/bin/sh
# Every run that a number in README.md or docs/ comes from, into results/; then: python docs/refresh.py --results .
set -eu
indmech-bench run core
# figures of the pages, from the reference results
indmech-bench plot results/reference/dose dose --out docs/figures/dose.svg
for figure in ranks wins cost solutions; do
    indmech-bench plot results/reference/core $figure --out docs/figures/core-$figure.svg
done
indmech-bench plot results/reference/physics pairs --out docs/figures/physics-pairs.svg
indmech-bench run full
indmech-bench run dose
indmech-bench run endings
indmech-bench run priors
indmech-bench run sensitivity
indmech-bench run concentration
indmech-bench run ica
indmech-bench run equal-budget
# settings of the suite images, chosen on tuning seeds
tune_images() {
    indmech-bench tune "$@" --protocol oracle --seeds 10000-10007 --precision float32 --timeout 1800
}
tune_images adam:steps=2000 --task toy-faces-headline --grid 'learning_rate=0.01|0.02'
tune_images independence-penalty:steps=2000,release=0.2 --task toy-faces-headline --grid 'strength=0.2|0.6|2' \
    --grid 'learning_rate=0.01|0.02'
tune_images independence-penalty:steps=2000,release=0 --task toy-faces-headline --grid 'strength=0.2|0.6|2' \
    --grid 'learning_rate=0.01|0.02'
tune_images alternating:steps=2000 --task toy-faces-headline --grid 'learning_rate=0.01|0.02'
tune_images weight-decay:steps=2000 --task toy-faces-headline --grid 'decay=0.002|0.006|0.02' \
    --grid 'learning_rate=0.01|0.02'
tune_images sparse-layout:steps=1000 --task toy-faces --grid 'strength=0.002|0.006|0.02' --grid 'learning_rate=0.01|0.02'
indmech-bench run images
indmech-bench plot results/images pictures --out docs/figures/images.png
for ratio in 0.5 0.8 1.2 1.5; do
    indmech-bench run --task toy-faces-headline --seeds 8 --precision float32 --timeout 1800 --out results/images \
        --method "target-ratio:learning_rate=0.01,steps=2000,strength=0.2,ratio=$ratio"
done
# networks trained here, and, on a tuning seed, what rates make of adversarial pairs
indmech-bench run deep
indmech-bench plot results/deep pictures --out docs/figures/deep.png
indmech-bench plot results/reference/deep trajectories --out docs/figures/deep-trajectories.svg
indmech-bench run deep-scratch
indmech-bench run --task digits-gan --task textures-gan --seeds 10000-10000 --precision float32 --curves --timeout 3600 \
    --method adam:learning_rate=0.0005,steps=10000 --method adam:learning_rate=0.001,steps=10000 \
    --method adam:learning_rate=0.003,steps=10000 --out results/adversarial-rates
# real mechanisms as truths, and the tables of docs/networks.md that are no runs, need two trained generators; `enforce`
# trains while docs/refresh.py runs, a quarter of an hour
indmech-bench generators
indmech-bench run real-layout
indmech-bench run --task real-layout-strided --seeds 16 --precision float32 --timeout 1800 --out results/real-layout-strided \
    --method adam:learning_rate=0.01,steps=1000 --method weight-decay:learning_rate=0.01,steps=1000,decay=0.006 \
    --method independence-penalty:learning_rate=0.01,steps=1000,strength=0.6,release=0
# multistart-penalised at its default spends more than this budget: its rows say so, and the run ends with 1
indmech-bench run --task fir-natural --seeds 256 --budget 110000 --out results/natural || test $? = 1
indmech-bench run --task fir-natural --seeds 256 --budget 110000 --out results/natural \
    --method levenberg-marquardt:criterion=flatness,starts=64 --method levenberg-marquardt:criterion=norm,starts=64 \
    --method levenberg-marquardt:criterion=independence,starts=64 \
    --method levenberg-marquardt:criterion=combined,starts=64 --method multistart-penalised:steps=1111
indmech-bench run drift
indmech-bench run drift-unequal --out results/drift
indmech-bench run --task drift --task drift:equal_norms=true --seeds 32 --timeout 1800 --out results/drift \
    --method sgd:learning_rate=0.01,batch=none,clip=1,momentum=0,cosine=false,checkpoints=10,steps=100000 \
    --method sgd:learning_rate=0.01,batch=8,clip=1,momentum=0,cosine=false,checkpoints=10,steps=100000
indmech-bench run physics
indmech-bench run physics-environments
indmech-bench run --task speakers:environments=8,noise=60 --task shots:environments=8,noise=60 \
    --task events:environments=8,noise=60 --task telescopes:environments=8,noise=60 \
    --method approximate-gcd --method noise-aware-gcd --seeds 32 --timeout 1800 --out results/physics-environments
indmech-bench run --task speakers --method multistart-fit --seeds 6 --out results/physics-starts
indmech-bench run --task seismic-thick:slack=8 --method root-search-independent --method root-search-min-norm \
    --seeds 32 --out results/physics-slack
indmech-bench run --task seismic-sparse:taps=9x32 --task seismic-blocky:taps=9x32 --task source-green:taps=9x32 \
    --task optics-stars:taps=9x32 --task optics-scene:taps=9x32 --task seismic-thick:taps=9x32 \
    --task optics-wide:taps=9x32 --method root-search-independent --method root-search-min-norm \
    --method root-search-flat --method root-search-sparsity --seeds 32 --timeout 3600 --out results/physics-32
