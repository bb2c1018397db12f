module github.com/seatwarden/seatwarden/test/conformance

go 1.26.0

require (
	github.com/auth0/go-auth0 v1.40.0
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3
	github.com/seatwarden/seatwarden v0.0.0
	sigs.k8s.io/yaml v1.6.0
)

require (
	github.com/dlclark/regexp2/v2 v2.5.2 // indirect
	github.com/dop251/goja v0.0.0-20260917113740-793a2a65c13b // indirect
	github.com/go-jose/go-jose/v4 v4.1.8 // indirect
	github.com/go-sourcemap/sourcemap v2.1.3+incompatible // indirect
	github.com/google/pprof v0.0.0-20250403155104-27863c87afa6 // indirect
	go.yaml.in/yaml/v2 v2.4.4 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/seatwarden/seatwarden => ../..
