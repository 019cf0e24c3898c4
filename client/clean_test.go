package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// badURL returns the error of net/url for text.
func badURL(text string) error {
	_, err := url.Parse(text)
	return err
}

// What CleanError returns for errors of this package, of net/http and others.
func TestCleanError(t *testing.T) {
	ours := &apierrors.Error{Class: apierrors.Network, Method: "GET", URL: "http://h/items"}
	parse := &url.Error{Op: "parse", URL: "http://h/%zz?key=" + canary, Err: url.EscapeError("%zz")}
	outer := func(err error) error { return &url.Error{Op: "Get", URL: "https://u:p@h/?key=" + canary, Err: err} }
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"ours in net/http's":                {outer(ours), "GET http://h/items: network"},
		"ours around net/http's":            {&apierrors.Error{Class: apierrors.Network, Method: "GET", URL: "http://h/items", Err: outer(ours)}, "GET http://h/items: network"},
		"net/url's, with a password":        {badURL("http://u:s3cret#x@h/"), `parse "?": the URL is malformed`},
		"ours in net/http's, wrapped":       {fmt.Errorf("job: %w", outer(ours)), "GET http://h/items: network"},
		"net/http's":                        {outer(errors.New("stopped after 10 redirects")), `Get "https://h": stopped after 10 redirects`},
		"net/url's in net/http's":           {outer(parse), `Get "https://h": parse "?": the URL is malformed`},
		"net/http's that quotes a Location": {outer(fmt.Errorf("failed to parse Location header %q: x", canary)), `Get "https://h": the Location of a redirect is malformed`},
		"net/http's about a proxy":          {outer(fmt.Errorf("invalid proxy address %q: missing port", "http://u:"+canary+"@h")), `Get "https://h": the address of the proxy is malformed`},
		"context's in net/http's":           {outer(context.Canceled), `Get "https://h": context canceled`},
		"another":                           {errors.New("disk full"), "disk full"},
		"ours alone":                        {ours, "GET http://h/items: network"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := client.CleanError(tt.err).Error(); got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
		})
	}
	if client.CleanError(nil) != nil {
		t.Error("CleanError(nil) is not nil")
	}
	if !errors.Is(client.CleanError(outer(context.Canceled)), context.Canceled) {
		t.Error("the cleaned error does not wrap its cause")
	}
}

// net/http's error for a malformed Location quotes it; the cleaned one does not.
func TestCleanErrorOfAMalformedLocation(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(302, "Location", "http://h/%zz?key="+canary))
		c := newClient(t, srv, client.Config{})
		_, err := get(t, c.HTTP(), "/items") //nolint:bodyclose // get closes it
		if err == nil || strings.Contains(client.CleanError(err).Error(), canary) {
			t.Errorf("got %v; want an error without the query", client.CleanError(err))
		}
	})
}
