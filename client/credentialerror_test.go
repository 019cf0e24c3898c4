package client_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// New refuses a fixed credential that cannot be sent. The error names the header, and not the
// credential.
func TestNewRefusesACredentialThatCannotBeSent(t *testing.T) {
	for want, auth := range map[string]client.Auth{
		"client: the credential: header Authorization has a line break or another control character": client.Bearer(canary + "\n"),
		"client: the credential: header Authorization is empty":                                      client.Bearer(""),
		"client: the credential: header X-Api-Key is empty":                                          client.APIKey("X-Api-Key", ""),
		`client: the credential: "X Api Key" is not the name of a header`:                            client.APIKey("X Api Key", canary),
		`client: the credential: "" is not the name of a header`:                                     client.APIKey("", canary),
	} {
		if _, err := client.New(client.Config{BaseURL: "https://vendor.test", Auth: auth}); err == nil || err.Error() != want {
			t.Errorf("New: %v; want %s", err, want)
		}
	}
	if _, err := client.New(client.Config{BaseURL: "https://vendor.test", Auth: client.Bearer("with\ta tab")}); err != nil {
		t.Errorf("New: %v; want none", err)
	}
}

// setting is an Auth that sets a header to a value.
type setting struct{ name, value string }

func (s setting) Apply(_ context.Context, req *http.Request) (string, error) {
	req.Header[s.name] = []string{s.value}
	return s.value, nil
}

func (setting) Refresh(context.Context, string) error { return client.ErrNotRenewable }

// A credential of another Auth that cannot be sent fails the call before it is sent, and says
// that the operator has to act.
func TestCredentialThatCannotBeSent(t *testing.T) {
	renewed := func(context.Context) (string, time.Time, error) { return canary + "\n", time.Time{}, nil }
	for want, auth := range map[string]client.Auth{
		"header Authorization has a line break or another control character": client.RenewableBearer("", renewed),
		"header X-Token is empty":                    setting{"X-Token", ""},
		`"X Token" is not the name of a header`:      setting{"X Token", canary},
		"header X-Token has a line break or another": setting{"X-Token", canary + "\r"},
	} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.New(t)
			_, err := send(t.Context(), t, newClient(t, srv, client.Config{Auth: auth}), "POST", "/items", "x")
			e := failure(t, err)
			if e.Class != apierrors.Authentication || e.Action != apierrors.FailFast || e.Applied != apierrors.AppliedNo {
				t.Errorf("class %v, action %v, applied %v; want authentication, fail_fast, no", e.Class, e.Action, e.Applied)
			}
			if !strings.HasPrefix(e.Summary, want) || strings.Contains(err.Error()+e.Err.Error(), canary) {
				t.Errorf("summary %q; want %q, without the credential", e.Summary, want)
			}
		})
	}
}

// An idempotency key that cannot be sent is the developer's.
func TestIdempotencyKeyThatCannotBeSent(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	_, err := send(t.Context(), t, c, "POST", "/items", "x", client.CallOptions{IdempotencyKey: "k\n1"})
	if e := failure(t, err); e.Class != apierrors.MalformedRequest || !strings.Contains(e.Summary, "IdempotencyKey") {
		t.Errorf("class %v, summary %q; want malformed_request, IdempotencyKey in it", e.Class, e.Summary)
	}
}
