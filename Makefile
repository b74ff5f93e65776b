.PHONY: demo build test test-browsers walk fuzz bench size data models clean

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

# Clicks at random on the page, SECONDS long; SEED repeats a walk, and an odd one is with all images.
walk:
	scripts/walk.sh $(or $(SECONDS),300) $(SEED)

# Feeds the readers of files with bad ones, SECONDS each; make test does so for a few seconds.
fuzz:
	scripts/fuzz.sh $(or $(SECONDS),600)

# Times a PURGE step natively and in the browser, and natively each layer.
bench:
	scripts/bench.sh

# Holds the size of the wasm modules against their budgets.
size:
	scripts/size.sh

# Downloads PathMNIST, or the sets named: make data SETS="cifar10 svhn", SETS=all.
data:
	scripts/download.sh $(SETS)

# Trains the networks that the page ships.
models: data
	scripts/models.sh

# Removes what was built in this clone; compiled dependencies stay in the user's cache.
clean:
	rm -rf pkg/dist pkg/lib pkg/assets pkg/LICENSE-* www/dist www/public/data test-results playwright-report
