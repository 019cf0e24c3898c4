package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
)

// maxBytes is how large a source may be. The largest that is known, GitHub's, has 14 MB.
const maxBytes = 64 << 20

// A source is what a vendor publishes: operations, or codes.
type source struct {
	operations iter.Seq[operation] // nil: it is a list
	codes      []listEntry
	lost       error // references that were left out
}

// An operation is what an OpenAPI description says about a method of a path.
type operation struct {
	method    string
	path      string // from the root of the host
	where     string // such as "api.json: GET /things"
	keys      []keyParameter
	responses []response
}

// A keyParameter is a parameter that takes an idempotency key.
type keyParameter struct{ in, name string }

// A response is one that an operation documents.
type response struct {
	status  int    // one of the range if it has a range, and 400 if it is the default
	isExact bool   // it has neither
	where   string // such as "api.json: GET /things 404"
	headers []string
	bodies  []body
}

// isError reports whether the response is that of a failure.
func (r response) isError() bool { return r.status >= 400 || r.status == 207 }

// A body is the form of a response's body, or an example of one.
type body struct {
	isExample bool
	value     any // of an example
	leaves    []leaf
}

// readSource reads a file.
func readSource(name string) (source, error) {
	data, err := readBounded(name)
	if err != nil {
		return source{}, err
	}
	base := filepath.Base(name)
	if isList(base, data) {
		codes, err := readList(base, data)
		return source{codes: codes}, err
	}
	operations, lost, err := readOpenAPI(base, data)
	if errors.Is(err, errOtherKind) && bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		if codes, notList := readList(base, data); notList == nil {
			return source{codes: codes}, nil
		}
	}
	return source{operations: operations, lost: lost}, err
}

// isList reports whether a file can only be a list of codes.
func isList(name string, data []byte) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv", ".tsv", ".txt":
		return true
	}
	return bytes.HasPrefix(bytes.TrimSpace(data), []byte("["))
}

func readBounded(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if len(data) > maxBytes {
		err = fmt.Errorf("%s: the file is larger than %d MiB", name, maxBytes>>20)
	}
	return data, err
}
