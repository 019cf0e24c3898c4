package main

import (
	"os"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	if err := run(t.Context()); err != nil {
		t.Error(err)
	}
}

// The README's program is this one.
func TestReadmeHasTheProgram(t *testing.T) {
	program, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(program), "package main\n")
	if !strings.Contains(string(readme), "```go\npackage main\n"+code+"```\n") {
		t.Error("README.md does not have examples/quickstart/main.go as it is")
	}
}
