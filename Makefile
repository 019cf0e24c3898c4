# Tools are pinned here, and not in go.mod: users of a library do not resolve its linters.
LINT     := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.12.2
VULN     := golang.org/x/vuln/cmd/govulncheck@v1.3.0
APIDIFF  := golang.org/x/exp/cmd/apidiff@v0.0.0-20261113113407-e3970619a1a4
FUZZTIME ?= 10s
SOAKTIME ?= 10m
COVERAGE := 98

# The root module is checked with the versions that its users get, and not with those of go.work.
export GOWORK := off

.PHONY: help check test race lint vet tidy cover fuzz modules nethttp proxies redis otel postgres temporal soak bench vuln api update vendors catalogue sync

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-9s %s\n", $$1, $$2}'

check: tidy vet lint cover race fuzz modules nethttp vuln ## what CI runs for each change, except proxies and redis

test: ## all tests
	go test ./...

race: ## all tests in random order, with the race detector; make soak does it ten times
	go test -race -shuffle=on -count=1 ./...

vet: ## go vet and gofmt
	go vet ./...
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w on these"; exit 1; }

tidy: ## go.mod and go.sum are as they should be
	go mod tidy -diff

lint: ## the linters of .golangci.yml, with a cache of this checkout's own
	GOLANGCI_LINT_CACHE=$(CURDIR)/.tmp/lint go run $(LINT) run --allow-parallel-runners ./...

cover: ## coverage of each package; fails if the library has less than 98%
	./.ci/cover $(COVERAGE)

fuzz: ## each fuzz target for FUZZTIME (10s)
	./.ci/fuzz $(FUZZTIME)

modules: ## tidy, vet, lint and tests of the other modules, such as internal/sdktest
	./.ci/modules $(LINT)

nethttp: ## net/http's own tests of its client, through Client.HTTP
	go test -count=1 -tags nethttp ./internal/nethttptest

proxies: ## the client behind HAProxy and nginx, which it installs if it may
	./.ci/proxies

redis: ## integrations/redis on a redis-server and a valkey-server, which it installs if it may
	./.ci/redis

otel: ## the alerts of integrations/otel, by Prometheus' promtool, which it fetches if it may
	./.ci/otel

postgres: ## integrations/river on a PostgreSQL, which it installs if it may
	./.ci/postgres go -C integrations/river test -race -count=1 -tags postgres -run PostgreSQL .
	./.ci/postgres go -C integrations/river test -count=1 -tags postgres -run 'PostgreSQL/(pause|faults)' -v . -jobs 10000

temporal: ## integrations/temporal on a Temporal server, which it builds
	./.ci/temporal

soak: ## hours: each fuzz target for SOAKTIME (10m), all tests ten times, 1,100,000 calls, a cut at each byte, 1,000 seeds; weekly, not for each change
	./.ci/fuzz $(SOAKTIME)
	go test -race -shuffle=on -count=10 -timeout=1h ./...
	GOWORK=$(CURDIR)/go.work go -C internal/ledgertest test -race -timeout=1h . -run Agrees -calls=100000
	GOWORK=$(CURDIR)/go.work go -C internal/ledgertest test -timeout=2h . -run 'VirtualTime|CutAtEveryByte' -virtual=1000000 -stride=1
	go test -run 'Collapsed|OfAFleet|TestBoard.*Kept' -timeout=2h ./traffic -seeds=1000

bench: ## benchmarks: ratios against net/http in the same run; limits and outages are measured by internal/bench
	go test -run '^$$' -bench . -benchmem ./...
	@echo 'Limits and outages, in minutes of real time: go -C internal/bench run . -scenario limit-known'

vuln: ## known vulnerabilities; VULN_MAY_BE_OFFLINE=1 if the database cannot be reached
	./.ci/vuln $(VULN)

api: ## API changes since the latest version tag or BASE=<revision>; STRICT=1: incompatible ones fail
	./.ci/api $(APIDIFF)

update: ## write what is generated: README table, docs/outcomes.md, schemas, meanings of transcripts, an example's output
	go test . ./vendors ./examples/policies -update

vendors: ## what is known of each vendor: codes, statuses, transcripts, documents
	go test ./vendors -run TestVendorsAreShownByTranscripts -count=1 -v | grep coverage_test | cut -d: -f3-

catalogue: ## what the file of VENDOR lacks of what the files SOURCE document; see internal/catalogue
	GOWORK=$(CURDIR)/go.work go run ./internal/catalogue -vendor $(VENDOR) $(SOURCE)

sync: ## the example job
	go run ./examples/sync
