package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// A peer is a library that makes the calls of a job.
type peer struct {
	name string
	open func(setup) (caller, error)
}

// peers are in the order in which they run. Each is set up as its own documents show, and
// otherwise has its defaults.
var peers = []peer{
	{"retrywise", newRetrywise},
	{"net/http", newNetHTTP},
	{"go-retryablehttp", newRetryableHTTP},
	{"failsafe-go", newFailsafe},
	{"rehttp", newRehttp},
	{"resty", newResty},
	{"azcore", newAzcore},
}

// findPeers returns the peer called name, or all if name is empty. The error lists all.
func findPeers(name string) ([]peer, error) {
	if name == "" {
		return peers, nil
	}
	var names []string
	for _, p := range peers {
		if p.name == name {
			return []peer{p}, nil
		}
		names = append(names, p.name)
	}
	return nil, fmt.Errorf("expected -peer to be one of %s; got %q", strings.Join(names, ", "), name)
}

// A setup is what the makers of clients know.
type setup struct {
	url       string
	transport *http.Transport // for every peer but retrywise, which makes its own
	declared  *declared       // nil: the limit is not known
	refusal   int             // the status by which the vendor says that the limit is reached
}

// A caller makes calls with one client.
type caller interface {
	// get makes a GET about a record, and reads the response. Any status but 200 is an error.
	get(ctx context.Context, record string) error
	close()
}

// errRefused is a response that is not a success.
var errRefused = errors.New("the vendor refused")

// httpCaller is for the peers that are an http.Client.
type httpCaller struct {
	*http.Client
	setup
}

func (c httpCaller) get(ctx context.Context, record string) error {
	req, err := newRequest(ctx, c.url, record)
	if err != nil {
		return err
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	return finish(resp)
}

func (c httpCaller) close() {}

// target returns the URL of a call.
func target(base, record string) string {
	return base + "/items?" + url.Values{"record": {record}}.Encode()
}

func newRequest(ctx context.Context, base, record string) (*http.Request, error) {
	return http.NewRequestWithContext(ctx, http.MethodGet, target(base, record), nil)
}

// finish reads and closes the body of a response.
func finish(resp *http.Response) error {
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return errRefused
	}
	return nil
}
