# The targets that people and CI use; each is a few lines of shell.
SHELL := /bin/bash
GO ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.8.0
GOSEC := github.com/securego/gosec/v2/cmd/gosec@v2.28.0

# What gosec looks for: listeners and servers without bounds, SQL and HTML made of
# text, files that others may read, weak TLS, weak or seeded randomness, broken
# algorithms (SHA-1 is there: SCRAM-SHA-1 is made of it), profiling handlers, and
# archives that break out. Not: conversions of integers, paths and commands of the
# operator's, which are this program's work.
GOSEC_RULES := G102,G106,G107,G108,G109,G110,G111,G112,G114,G201,G202,G203,G301,G302,G305,G306,G401,G402,G403,G404,G405,G406,G501,G502,G503,G504,G506,G507
GOSEC_NOT := bench test storagetest pgtest xmpptest node_modules

# A copy of the vulnerability database, for machines that do not reach the public one.
VULNDB ?=
FUZZTIME ?= 30s
SCAN_MINUTES ?= 10

# What `make faults` asks for, on each engine; any flag of test/faults can follow.
SEED ?= 1
KILLS ?= 200
DATABASE_FAULTS ?= 50
MESSAGES ?= 500000
FAULTS ?=

BENCH ?=
GROWTH ?=

.PHONY: run build test tools go-test web-test check web web-check bench bench-quick bench-parley bench-storage growth instructions fuzz scanfuzz faults vuln sbom clean

run: ## start a server with nothing configured
	$(GO) run ./cmd/parley

build: ## one static binary in bin/
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/parley ./cmd/parley

test: tools go-test web-test ## everything, on real parts

tools: ## install what the tests talk to, where it is missing
	scripts/install-test-tools.sh

go-test:
	$(GO) test -race -timeout 20m ./...
	cd bench/growth/draw && $(GO) test ./...

web-test: webclient/node_modules/.package-lock.json
	cd webclient && npm run --silent check && npm test --silent

check: web-check ## what CI asks for beside the tests
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'run gofmt -w'; exit 1; }
	$(GO) vet ./...
	cd bench/growth/draw && $(GO) vet ./... && $(GO) mod tidy -diff
	$(GO) mod tidy -diff
	$(GO) run $(STATICCHECK) ./...
	$(GO) run $(GOSEC) -quiet -exclude-generated -include=$(GOSEC_RULES) $(GOSEC_NOT:%=-exclude-dir=%) ./...

vuln: ## known vulnerabilities in what the server is linked from; VULNDB=/folder or an address for a copy of the database
	GO='$(GO)' VULNDB='$(VULNDB)' scripts/vuln.sh $(GOVULNCHECK)

sbom: build webclient/package-lock.json ## the bill of materials of bin/parley, as CycloneDX in bin/parley.cdx.json
	$(GO) run ./scripts/sbom bin/parley webclient/package-lock.json > bin/parley.cdx.json.new
	mv bin/parley.cdx.json.new bin/parley.cdx.json

webclient/node_modules/.package-lock.json: webclient/package-lock.json
	cd webclient && npm ci --no-audit --no-fund

web: webclient/node_modules/.package-lock.json ## build the web client into webclient/dist
	cd webclient && npm run --silent build

web-check: web ## webclient/dist is what its sources make
	@test -z "$$(git status --porcelain webclient/dist)" || { git status --short webclient/dist; echo 'webclient/dist differs from a fresh build: run make web and commit it'; exit 1; }

bench: ## Parley beside Prosody, ejabberd and a bare relay: docs/benchmarks.md; any flag of bench/compare in BENCH
	bench/compare/run.sh $(BENCH)

bench-quick: ## the same in three minutes, for a look
	bench/compare/run.sh -quick $(BENCH)

bench-parley: ## every workload on Parley alone
	bench/run.sh

growth: ## what an operation costs as there is more of everything, as curves in docs/growth; any flag of bench/growth in GROWTH
	$(GO) run ./bench/growth $(GROWTH)
	cd bench/growth/draw && $(GO) run . ../../../docs/growth

instructions: ## machine instructions of fixed work, beside the reference; UPDATE=-update writes it
	$(GO) run ./bench/instructions $(UPDATE)

bench-storage: ## what it costs to store a message, on both engines
	$(GO) run ./bench/commit

fuzz: ## every fuzz target for FUZZTIME
	scripts/fuzz.sh $(FUZZTIME)

scanfuzz: ## the XML scanner against expat for SCAN_MINUTES, and then against itself
	$(GO) run ./test/scanfuzz -workers 2 -seed $(SEED) -minutes $(SCAN_MINUTES)
	$(GO) run ./test/scanfuzz -workers 2 -seed $(SEED) -minutes $(SCAN_MINUTES) -inside

faults: ## the long fault campaign, on both engines; on a disk that fills up; with kills in quick succession
	mkdir -p bin
	$(GO) build -o bin/faults ./test/faults
	for store in files postgres; do \
	  bin/faults -store $$store -seed $(SEED) -kills $(KILLS) -database $(DATABASE_FAULTS) -messages $(MESSAGES) -json bin/faults-$$store.json $(FAULTS) && \
	  bin/faults -store $$store -seed $(SEED) -kills 20 -database 20 -clients 20 -long 0 -messages 50000 -disk 2000000000 -json bin/faults-$$store-disk.json $(FAULTS) && \
	  bin/faults -store $$store -seed $(SEED) -kills 100 -restarts 10 -database 10 -clients 20 -clock 0 -long 0 -messages 10000 -json bin/faults-$$store-dense.json $(FAULTS) || exit 1; \
	done

clean:
	rm -rf bin bench/out
