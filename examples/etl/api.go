package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// An api is the job's access to one vendor.
type api struct {
	http          *http.Client // only this differs: see variant
	url           string
	authorization string
}

// call sends one request and returns the body of a success.
func (a api) call(ctx context.Context, method, path string, payload any) ([]byte, error) {
	req, err := a.request(ctx, method, path, payload)
	if err != nil {
		return nil, err
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case resp.StatusCode/100 != 2:
		return nil, &responseError{resp, nil}
	case err != nil:
		return nil, &responseError{resp, err}
	}
	return body, nil
}

func (a api) request(ctx context.Context, method, path string, payload any) (*http.Request, error) {
	var body io.Reader
	if payload != nil {
		data, err := json.Marshal(payload)
		if err != nil {
			return nil, fmt.Errorf("encode %s %s: %w", method, path, err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.url+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", a.authorization)
	if payload != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// A responseError is a response whose status is not a success, or whose body could not be
// read.
type responseError struct {
	resp *http.Response
	err  error // of reading the body; nil: the status is the error
}

func (e *responseError) Error() string {
	if e.err != nil {
		return fmt.Sprintf("%s: %v", e.resp.Status, e.err)
	}
	return e.resp.Status
}

func (e *responseError) Unwrap() error { return e.err }
