package main

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// keyHeader is the request header of an idempotency key.
const keyHeader = "Idempotency-Key"

// A request is what a call asks of the vendor. The zero request is a GET of /items.
type request struct {
	method string
	path   string
	record string // in the query
	key    string // the idempotency key; "": none
	body   string
}

// verb returns the method.
func (r request) verb() string {
	if r.method == "" {
		return http.MethodGet
	}
	return r.method
}

// target returns the URL.
func (r request) target(base string) string {
	path := r.path
	if path == "" {
		path = "/items"
	}
	return base + path + "?" + url.Values{"record": {r.record}}.Encode()
}

// header returns the fields that net/http does not add by itself.
func (r request) header() http.Header {
	h := http.Header{}
	if r.key != "" {
		h.Set(keyHeader, r.key)
	}
	if r.body != "" {
		h.Set("Content-Type", "text/plain")
	}
	return h
}

// http returns the request as net/http has it. Its body can be sent again.
func (r request) http(ctx context.Context, base string) (*http.Request, error) {
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.verb(), r.target(base), body)
	if err != nil {
		return nil, err
	}
	req.Header = r.header()
	return req, nil
}
