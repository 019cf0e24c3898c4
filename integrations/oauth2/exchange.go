package retrywiseoauth2

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"golang.org/x/oauth2"
)

// An exchange is one token request. It is the transport that x/oauth2 sends it through, which knows
// better than x/oauth2's errors how it ended.
type exchange struct {
	ctx      context.Context // as x/oauth2 does not put it on each request
	endpoint *endpoint
	resp     *http.Response
	err      error // in place of a response
}

// RoundTrip sends a token request through the Client, which retries it: a second access token does
// no harm, and if the response to a refresh token is lost, there is no other one to try with.
func (x *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	out, err := x.request(req)
	if err != nil {
		return nil, err
	}
	x.resp, x.err = x.endpoint.client.HTTP().Transport.RoundTrip(out)
	return x.resp, x.err
}

// request returns the request in the form that the vendor expects.
func (x *exchange) request(req *http.Request) (*http.Request, error) {
	text, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(text))
	if err != nil {
		return nil, err
	}
	for name, values := range x.endpoint.params {
		form[name] = values
	}
	text = []byte(form.Encode())
	contentType := "application/x-www-form-urlencoded"
	if x.endpoint.JSON {
		if text, err = asJSON(form); err != nil {
			return nil, err
		}
		contentType = "application/json"
	}
	out, err := http.NewRequestWithContext(x.ctx, req.Method, req.URL.String(), bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	out.Header = req.Header.Clone()
	out.Header.Set("Content-Type", contentType)
	out.Header.Set("Accept", "application/json") // GitHub's would be a form
	return client.With(out, client.CallOptions{Op: "oauth2.token", Repeatable: true}), nil
}

// asJSON returns parameters as an object. One with several values is a list.
func asJSON(form url.Values) ([]byte, error) {
	object := map[string]any{}
	for name, values := range form {
		object[name] = values
		if len(values) == 1 {
			object[name] = values[0]
		}
	}
	return json.Marshal(object)
}

var (
	// refusals are the codes of a token endpoint that refuses the grant or the client (RFC 6749,
	// section 5.2).
	refusals = []string{"invalid_grant", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope", "invalid_request"}

	// passing are codes of failures that pass. RFC 6749 has them elsewhere (section 4.1.2.1).
	passing = []string{"temporarily_unavailable", "server_error"}

	errNoToken  = errors.New("retrywiseoauth2: the response of the token endpoint has no token")
	errRedirect = fmt.Errorf("%w: the token endpoint redirects, and the secret is not taken there: correct TokenURL", client.ErrRefused)
)

// failure returns how a token request ended that gave no token. code is what the response had as
// its error; nothing else of it is in the error.
func (x *exchange) failure(code string) error {
	switch {
	case x.err != nil:
		return fmt.Errorf("retrywiseoauth2: %w", x.err)
	case x.resp == nil:
		return errors.New("retrywiseoauth2: the token request could not be made")
	}
	call, status := x.endpoint.client.Check(x.resp), x.resp.StatusCode
	isUnexplained := code != "" && (call == nil || apierrors.ClassOf(call) == apierrors.Unknown) // GitHub's have the status 200
	switch {
	case slices.Contains(passing, code):
		return fmt.Errorf("retrywiseoauth2: %w", &apierrors.Error{Class: apierrors.ServerError, Action: apierrors.Retry, Status: status, Code: code, Err: call})
	case status < http.StatusInternalServerError && (slices.Contains(refusals, code) || isUnexplained):
		return refused(code, call)
	case call != nil:
		return fmt.Errorf("retrywiseoauth2: %w", call)
	case status >= http.StatusMultipleChoices:
		return errRedirect
	default:
		return errNoToken
	}
}

// refused is the failure of a grant that was refused with a code.
func refused(code string, call error) error {
	if !apierrors.IsCode(code) {
		code = "an unknown code"
	}
	if call == nil {
		return fmt.Errorf("%w: %s", client.ErrRefused, code)
	}
	return fmt.Errorf("%w: %s: %w", client.ErrRefused, code, call)
}

// codeOf returns the error code of a response that x/oauth2 found or, for an assertion, did not look
// for.
func codeOf(token *oauth2.Token, err error) string {
	if err == nil {
		code, _ := token.Extra("error").(string)
		return code
	}
	e, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return ""
	}
	if e.ErrorCode != "" {
		return e.ErrorCode
	}
	var body struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(e.Body, &body)
	return body.Error
}
