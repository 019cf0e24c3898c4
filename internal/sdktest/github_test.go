package sdktest

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/go-github/v92/github"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// go-github retries nothing but a call that met the primary rate limit, if the context asks
// for it.
func newGitHub(t *testing.T, hc *http.Client, url string, retries bool) sdk {
	t.Helper()
	base := url + "/"
	c, err := github.NewClient(github.WithHTTPClient(hc), github.WithURLs(&base, &base))
	if err != nil {
		t.Fatal(err)
	}
	with := func(ctx context.Context) context.Context {
		if retries {
			return context.WithValue(ctx, github.SleepUntilPrimaryRateLimitResetWhenRateLimited, true)
		}
		return ctx
	}
	return sdk{
		read: func(ctx context.Context) error {
			_, _, err := c.Repositories.Get(with(ctx), "retrywise", "retrywise")
			return err
		},
		write: func(ctx context.Context) error {
			_, _, err := c.Issues.Create(with(ctx), "retrywise", "retrywise", github.CreateIssueRequest{Title: "x"})
			return err
		},
		isOwn: isA[*github.ErrorResponse],
	}
}

func TestGitHubLeavesRetriesToTheClient(t *testing.T) {
	testLeftToTheClient(t, newGitHub, policy.Default(), usualRows(retrywisetest.JSON(200, `{"id":1}`)))
}

func TestGitHubRetriesByItself(t *testing.T) {
	testLeftToTheSDK(t, newGitHub, retrywisetest.JSON(200, `{"id":1}`), counts{"503": 1, "503, then OK": 1, "429, then OK": 1, "reset": 1})
}

// The SDK waits until the hour's quota is there again, which is 10 s after the start of
// virtual time.
func TestGitHubWaitsForItsQuota(t *testing.T) {
	usedUp := retrywisetest.JSON(http.StatusForbidden, `{"message":"API rate limit exceeded"}`,
		"X-RateLimit-Limit", "60", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "946684810")
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, usedUp, retrywisetest.JSON(200, `{"id":1}`))
		once := policy.Default().WithRetry(policy.Retry{MaxAttempts: 1})
		if err := newGitHub(t, newClient(t, srv, once).HTTP(), srv.URL(), true).read(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
