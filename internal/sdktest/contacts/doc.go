// Package contacts is a client that oapi-codegen generated from openapi.yaml, for the tests of
// sdktest.
package contacts

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -generate types,client -package contacts -o contacts.gen.go openapi.yaml
