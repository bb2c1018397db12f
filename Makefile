# Image to build or deploy, with its tag.
IMG ?= seatwarden:latest

# Packages tested at once, and for how long at most. Each envtest package runs an
# API server of its own; they wait more than they compute.
TEST_PARALLEL ?= 3
TEST_TIMEOUT ?= 20m

# The linter and the generators, as hack/lint pins them.
LINT_TOOL = go tool -modfile=hack/lint/go.mod
CONTROLLER_GEN = $(LINT_TOOL) controller-gen
GOLANGCI_LINT = $(LINT_TOOL) golangci-lint

# Flags of `make bench`; --help lists them.
BENCH ?=

# Flags of the operator for `make run`; --help lists them.
RUN ?=

# The kubectl that acts on a real cluster.
KUBECTL ?= kubectl

# The Helm chart. It has copies of what it shares with config/.
CHART = charts/seatwarden

# What `make generate manifests` writes.
GENERATED = api/v1alpha1/zz_generated.deepcopy.go config/crd/bases config/rbac/role.yaml config/argocd/argocd-cm.yaml $(CHART)/files

# The folders of Go modules that are kept tidy. test/argocd/server is not: looking
# at all of Argo CD's modules takes minutes, and what it lacks fails test-argocd.
MODULES = . hack/tools hack/lint test/conformance test/browser test/chart test/argocd

# Where `make build-installer` writes.
DIST ?= dist

SHELL = /usr/bin/env bash -o pipefail
.SHELLFLAGS = -ec
.DEFAULT_GOAL := help

##@ General

.PHONY: help
help: ## Show this help.
	@awk 'BEGIN {FS = ":.*##"; printf "Usage: make \033[36m<target>\033[0m\n"} \
		/^[a-zA-Z_0-9-]+:.*?##/ { printf "  \033[36m%-15s\033[0m %s\n", $$1, $$2 } \
		/^##@/ { printf "\n\033[1m%s\033[0m\n", substr($$0, 5) }' $(MAKEFILE_LIST)

##@ Try it

.PHONY: demo
demo: ## Play the whole story on a real API server and a stand-in for Auth0.
	go run ./hack/demo

.PHONY: up
up: ## Start the same and leave it running, until Ctrl-C.
	go run ./hack/demo up

.PHONY: down
down: ## End one that was left behind.
	go run ./hack/demo down

##@ Development

.PHONY: generate
generate: ## Generate the DeepCopy methods.
	$(CONTROLLER_GEN) object:headerFile=hack/boilerplate.go.txt paths=./api/...

.PHONY: manifests
manifests: ## Generate the CRDs, the operator's roles and Argo CD's checks, and copy what the chart shares with config/.
	$(CONTROLLER_GEN) crd paths=./api/... output:crd:dir=config/crd/bases
	$(CONTROLLER_GEN) rbac:roleName=seatwarden-manager paths=./controllers/... paths=. output:rbac:dir=config/rbac
	go run ./hack/argocd >config/argocd/argocd-cm.yaml
	rm -rf $(CHART)/files && mkdir -p $(addprefix $(CHART)/files/,rbac policy prometheus grafana)
	cp -R config/crd/bases $(CHART)/files/crd
	cp config/rbac/*role*.yaml $(CHART)/files/rbac
	cp -R config/policy/base config/policy/deny config/policy/warn $(CHART)/files/policy
	cp config/prometheus/prometheusrule.yaml $(CHART)/files/prometheus
	cp config/grafana/seatwarden.json $(CHART)/files/grafana
	find $(CHART)/files -name kustomization.yaml -delete

.PHONY: fmt
fmt: ## Format the code.
	$(GOLANGCI_LINT) fmt

.PHONY: vet
vet: ## Run go vet.
	go vet ./...

.PHONY: lint
lint: ## Run the linters.
	$(GOLANGCI_LINT) run

.PHONY: lint-fix
lint-fix: ## Run the linters and mend what they can mend.
	$(GOLANGCI_LINT) run --fix

.PHONY: tidy
tidy: ## Tidy all Go modules.
	for module in $(MODULES); do go -C $$module mod tidy; done

.PHONY: tools
tools: ## Get or build the control plane that tests and demo run on (once; CONTRIBUTING.md has how long).
	@go run ./hack/controlplane >/dev/null

.PHONY: test
test: tools ## Run all tests: unit, envtest and end-to-end, with the race detector.
	go test -race -p $(TEST_PARALLEL) -timeout $(TEST_TIMEOUT) ./...
	@$(MAKE) --no-print-directory test-chart test-browser

.PHONY: test-long
test-long: tools ## Run what takes too long for every change: a restart over 1,000 settled Members, 50 renamed at once.
	SEATWARDEN_LONG=1 go test -v -count=1 -p 1 -timeout 30m ./test/losses ./test/removals \
		-run 'TestHandsOffRestartWithEverythingSettled|TestRemovalOfAListRenamed|TestRemovalBrakeOfACustomersDeletion'

# How many random walks, how long each, and the seed of the first.
SEEDS ?= 20
STEPS ?= 400
SEED ?= 1

.PHONY: walks
walks: tools ## Walk at random through what people, engineers and networks do (SEEDS, STEPS, SEED).
	go test -v -count=1 -timeout 0 ./test/walks -run 'TestWalk$$' -walk.seeds $(SEEDS) -walk.steps $(STEPS) -walk.seed $(SEED)

.PHONY: test-browser
test-browser: ## Walk through the sign-in in Chromium (axe-core: npm ci in test/browser).
	go -C test/browser test -v -timeout 5m ./... | grep -v -e '^=== ' -e '^    --- PASS'

.PHONY: test-chart
test-chart: tools ## Render the Helm chart with Helm and install it on a real API server.
	go -C test/chart test -v -timeout $(TEST_TIMEOUT) ./... | grep -v -e '^=== ' -e '^    --- PASS'

.PHONY: test-argocd
test-argocd: tools ## Have real Argo CD sync seat lists from git; builds it first (some 6 CPU minutes, once).
	@start=$$(date +%s); go -C test/argocd test -count=1 -v -timeout 60m ./... | grep -v -e '^=== ' -e '^    --- PASS'; \
		echo "test-argocd took $$(($$(date +%s) - start)) s"

.PHONY: test-unit
test-unit: ## Run the tests that need no control plane.
	go test -race $$(go list ./... | grep -v -e '/seatwarden$$' -e /controllers -e /test/ -e /hack/ -e /internal/controlplane -e /api/)

.PHONY: conformance
conformance: ## Replay recordings of Auth0 against the stand-in and print where they differ.
	@go -C test/conformance test ./...
	@go -C test/conformance run .

.PHONY: bench
bench: tools ## Measure the operator; flags in BENCH, e.g. BENCH="--only burst-free --json new.json --compare old.json".
	go run ./hack/bench $(BENCH)

.PHONY: bench-standin
bench-standin: ## Measure the stand-in, and that its memory stays flat over a million calls.
	go test -run '^$$' -bench . -benchtime 20000x ./internal/standin
	go test -run TestMemoryStaysFlat -v -timeout 30m ./internal/standin -soak 1000000

.PHONY: fuzz
fuzz: ## Fuzz what comes from outside: the stand-in's requests, searches and cursors, and Auth0's feeds, a minute each.
	for target in internal/standin/management:FuzzManagementRequest internal/standin/management/search:FuzzSearch internal/standin/management:FuzzCursor internal/auth0:FuzzFeeds; do \
		go test -run '^$$' -fuzz "^$${target#*:}\$$" -fuzztime 1m -fuzzminimizetime 1s ./$${target%:*}; done

.PHONY: mutants
mutants: tools ## Break the code on purpose and see the tests of the promises fail; by hand, before a release.
	go run ./hack/mutants

.PHONY: verify
verify: verify-generated verify-tidy vet lint ## Check that generated files are current, modules tidy, vet and linters clean.

.PHONY: verify-generated
verify-generated: generate manifests
	@test -z "$$(git status --porcelain -- $(GENERATED))" || { \
		git --no-pager diff -- $(GENERATED); git status --short -- $(GENERATED); \
		echo "generated files are not current: run 'make generate manifests' and commit the result" >&2; exit 1; }

.PHONY: verify-tidy
verify-tidy:
	@for module in $(MODULES); do go -C $$module mod tidy -diff >/dev/null || { \
		echo "the Go module in $$module is not tidy: run 'make tidy' and commit the result" >&2; exit 1; }; done

##@ Build

.PHONY: build
build: ## Build the operator into bin/.
	CGO_ENABLED=0 go build -trimpath -o bin/seatwarden .

.PHONY: plugin
plugin: ## Build the kubectl plugin into bin/.
	CGO_ENABLED=0 go build -trimpath -o bin/kubectl-seats ./cmd/kubectl-seats

.PHONY: run
run: ## Run the operator here against the cluster of your kubeconfig; flags in RUN.
	go run . --namespace seatwarden-system --metrics-bind-address 0 $(RUN)

.PHONY: docker-build
docker-build: ## Build the image IMG.
	docker build -t $(IMG) .

.PHONY: build-installer
build-installer: ## Write dist/install.yaml: CRDs, roles, policies and the operator with the image IMG.
	@dir="$$(mktemp -d)"; trap 'rm -rf "$$dir"' EXIT; cp -R config "$$dir/"; mkdir -p $(DIST); \
		sed -i.orig -e "s|image: seatwarden:latest|image: '$(IMG)'|" "$$dir/config/manager/manager.yaml"; \
		$(KUBECTL) kustomize "$$dir/config/default" >$(DIST)/install.yaml

##@ Deployment, to the cluster of your kubeconfig

.PHONY: install
install: ## Install the CRDs.
	$(KUBECTL) apply --server-side -k config/crd

.PHONY: uninstall
uninstall: ## Delete the CRDs, unless there are objects left: deleting those would remove people.
	@left="$$($(KUBECTL) get customers,members,removals -A -o name)"; test -z "$$left" || { \
		echo "there are Customers, Members or Removals left; deleting the CRDs would delete each of them:" >&2; echo "$$left" | head >&2; exit 1; }
	$(KUBECTL) delete --ignore-not-found -k config/crd

.PHONY: deploy
deploy: build-installer ## Install the CRDs, roles, policies and the operator with the image IMG.
	$(KUBECTL) apply --server-side -f $(DIST)/install.yaml

.PHONY: undeploy
undeploy: ## Take the operator and the policies away; CRDs, roles and the namespace with its Secrets stay.
	$(KUBECTL) delete --ignore-not-found -k config/policy/deny
	$(KUBECTL) delete --ignore-not-found -k config/manager
