.PHONY: demo build test test-browsers test-gpu test-cluster walk fuzz bench bench-peers bench-gpu size data models scores search tables clean

# Builds the page and serves it.
demo: build
	npm run --silent preview

build:
	scripts/build.sh whole

# Formatting, lints and all tests.
test:
	scripts/test.sh

# The page and the package in Firefox and in WebKit.
test-browsers:
	scripts/browsers.sh

# The GPU's kernels against the CPU, natively; needs a driver of Vulkan, Metal or DirectX 12.
test-gpu:
	scripts/test-gpu.sh

# The cluster's tasks on a few tiny images, with Snakemake, which it installs outside the clone.
test-cluster:
	scripts/test-cluster.sh

# Clicks at random on the page, SECONDS long; SEED repeats a walk, and an odd one is with all images. WORKERS=2 for two workers.
walk:
	WORKERS=$(WORKERS) scripts/walk.sh $(or $(SECONDS),300) $(SEED)

# Feeds the readers of files with bad ones, SECONDS each; make test does so for a few seconds.
fuzz:
	scripts/fuzz.sh $(or $(SECONDS),600)

# Measures all in one run, natively and in the browser; BENCH="--quick --peer" and more: bench/README.md.
bench:
	scripts/bench.sh $(BENCH)

# The same step in TensorFlow.js and jax-js, which it installs outside the clone, and in PyTorch.
bench-peers:
	scripts/bench.sh --peer --peers --only peers $(BENCH)

# Times the page's WebGPU module on this machine's graphics card, without a browser; BATCH=16 STEPS=4 for a slow one.
bench-gpu:
	scripts/bench-gpu.sh $(or $(BATCH),128) $(or $(STEPS),20)

# Holds the size of the wasm modules against their budgets.
size:
	scripts/size.sh

# Downloads PathMNIST, or the sets named: make data SETS="cifar10 svhn", SETS=all.
data:
	scripts/download.sh $(SETS)

# Trains the networks that the page ships.
models: data
	scripts/models.sh

# Evaluates them, for the page to show at once.
scores: build
	scripts/scores.sh again

# Searches the presets of all methods, hours long; what is there is left as it is. NAMES=mnist-group for one network, AGAIN=1 for
# a clean folder.
search:
	AGAIN=$(AGAIN) scripts/search.sh $(NAMES)

# Makes the tables of docs/RESULTS.md, hours long; what is there is left as it is. NAMES=mnist-group for one network, AGAIN=1 for
# a clean folder.
tables:
	AGAIN=$(AGAIN) scripts/tables.sh $(NAMES)

# Removes what was built in this clone; compiled dependencies stay in the user's cache.
clean:
	rm -rf pkg/dist pkg/lib pkg/assets pkg/LICENSE-* www/dist www/public/data test-results playwright-report
