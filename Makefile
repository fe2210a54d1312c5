# make            both binaries in bin/
# make test lint  what must pass before a commit; .ci/run does both and more on a bare Debian
# make demo       two hospitals' night from bundles to a verified packet, in demo-out/
# make interop    the tools of others read what kartoteka wrote, and refuse it damaged (docs/interop.md)
# make decades    seventy years of a hospital, every bundle on its day; forty of its evidence
# make bench fuzz crash man clean

FUZZTIME ?= 60s
KILLS ?= 200
PATIENTS ?= 300
OUT ?= demo-out
BENCH_OUT ?= bench-out
SCALES ?= S,M

export CGO_ENABLED = 0
# A clone that git will not read, someone else's or none at all, builds without a revision.
BUILD = go build -trimpath -buildvcs=$(shell git rev-parse -q --verify HEAD >/dev/null 2>&1 && echo auto || echo false)
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: build test lint demo interop bench fuzz decades crash man clean
.NOTPARALLEL:

build:
	$(BUILD) -o bin/ ./cmd/kartoteka ./cmd/kartotekad

test:
	go test $(TESTFLAGS) ./...

lint: .bin/staticcheck
	@fmt=$$(gofmt -l .); [ -z "$$fmt" ] || { echo "gofmt: $$fmt"; exit 1; }
	go vet ./...
	GOOS=windows go vet ./cmd/kartoteka
	.bin/staticcheck ./...
	go test -run 'Rules|AtItsPlace|OpensNoDocument|IsSmall|Unit' ./cmd/internal/daemon
	.ci/paths

.bin/staticcheck:
	GOBIN=$(CURDIR)/.bin go install $(STATICCHECK)

demo: build
	go run ./cmd/internal/demo -bin bin -out $(OUT)

interop: build interop/node_modules/.package-lock.json
	go test -count=1 -run 'TestRecover' -v ./archive/reading
	go test -count=1 -run 'TestDcmdump|TestXmllint' -v ./seal/clinical
	.ci/interop bin
	cd interop && go vet . && go test -count=1 .

interop/node_modules/.package-lock.json: interop/package-lock.json
	cd interop && npm ci --no-audit --no-fund

# Minutes, on an idle machine; SCALES=100 is a hundred times S and wants 30 GB.
bench: build
	go run ./cmd/internal/bench -bin bin -out $(BENCH_OUT) -scales $(SCALES)

fuzz:
	.ci/fuzz $(FUZZTIME)

decades:
	KARTOTEKA_DECADES=all go test -count=1 -timeout 60m -run 'Decades' -v ./archive
	go test -count=1 -run 'Decades|Lives' -v ./retention
	KARTOTEKA_PATIENTS=$(PATIENTS) go test -count=1 -timeout 120m -run 'Decades' -v ./cmd/internal/appraisal

# As root: two of the tests mount file systems. docs/testing.md says what each shows.
crash:
	KARTOTEKA_KILLS=$(KILLS) go test -count=1 -timeout 60m -run 'Kill' -v ./cmd/internal/daemon
	KARTOTEKA_CRASH=all go test -count=1 -timeout 60m -run 'SystemCalls|ReadErrors|PowerCuts|DiskFull' ./cmd/internal/daemon
	go test -run '^$$' -bench Restart -benchtime 100x ./cmd/internal/daemon
	KARTOTEKA_FAULTS=all go test -count=1 -timeout 120m -run 'Faults|PowerCut|BadReads|DisposalDiskFull' ./archive
	KARTOTEKA_KILLS=$$(($(KILLS) / 2)) KARTOTEKA_FAULTS=all go test -count=1 -timeout 60m ./cmd/internal/appraisal

man: build
	bin/kartoteka man man

clean:
	rm -rf bin man interop/node_modules $(OUT) $(BENCH_OUT)
