# Each target is one or two commands that you could type yourself; scripts/ holds the longer ones.
.PHONY: run build setup watch test faults lint bench bench-scale

run: build
	target/release/mintreu demo

build: setup
	scripts/build.sh

setup:
	scripts/setup.sh build

watch: setup
	cargo build -p mintreu-shop
	PATH="$(CURDIR)/scripts/node_modules/.bin:$$PATH" cargo leptos watch -- demo

test:
	scripts/setup.sh test
	scripts/test.sh

faults: build
	scripts/setup.sh faults
	scripts/faults.sh $(ARGS)

lint:
	scripts/lint.sh

bench: build
	scripts/setup.sh bench
	cargo run --release -p mintreu-bench -- compare $(ARGS)

bench-scale: build
	scripts/setup.sh bench
	cargo run --release -p mintreu-bench -- scale $(ARGS)
