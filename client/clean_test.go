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

// badURL is what net/url says of text.
func badURL(text string) error {
	_, err := url.Parse(text)
	return err
}

func TestCleanError(t *testing.T) {
	ours := &apierrors.Error{Class: apierrors.Network, Method: "GET", URL: "http://h/items"}
	parse := &url.Error{Op: "parse", URL: "http://h/%zz?key=" + canary, Err: url.EscapeError("%zz")}
	outer := func(err error) error { return &url.Error{Op: "Get", URL: "https://u:p@h/?key=" + canary, Err: err} }
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"ours":                       {outer(ours), "GET http://h/items: network"},
		"ours, above theirs":         {&apierrors.Error{Class: apierrors.Network, Method: "GET", URL: "http://h/items", Err: outer(ours)}, "GET http://h/items: network"},
		"a password before a hash":   {badURL("http://u:s3cret#x@h/"), `parse "?": the URL is malformed`},
		"ours, wrapped":              {fmt.Errorf("job: %w", outer(ours)), "GET http://h/items: network"},
		"net/http's":                 {outer(errors.New("stopped after 10 redirects")), `Get "https://h": stopped after 10 redirects`},
		"one in another":             {outer(parse), `Get "https://h": parse "?": the URL is malformed`},
		"what net/http quotes":       {outer(fmt.Errorf("failed to parse Location header %q: x", canary)), `Get "https://h": the Location of a redirect is malformed`},
		"a context's":                {outer(context.Canceled), `Get "https://h": context canceled`},
		"none of net/http's":         {errors.New("disk full"), "disk full"},
		"ours without any of theirs": {ours, "GET http://h/items: network"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := client.CleanError(tt.err).Error(); got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
		})
	}
	if client.CleanError(nil) != nil {
		t.Error("nil is no error")
	}
	if !errors.Is(client.CleanError(outer(context.Canceled)), context.Canceled) {
		t.Error("the cause is lost")
	}
}

// What net/http says of a redirect that it cannot read is cleaned as well.
func TestCleanErrorOfAMalformedLocation(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(302, "Location", "http://h/%zz?key="+canary))
		c := newClient(t, srv, client.Config{})
		_, err := get(t, c.HTTP(), "/items") //nolint:bodyclose // get closes it
		if err == nil || strings.Contains(client.CleanError(err).Error(), canary) {
			t.Error(client.CleanError(err))
		}
	})
}
