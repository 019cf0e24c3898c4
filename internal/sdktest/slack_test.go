package sdktest

import (
	"context"
	"net/http"
	"testing"

	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/slack-go/slack"
)

func newSlack(_ *testing.T, hc *http.Client, url string, retries bool) sdk {
	options := []slack.Option{slack.OptionHTTPClient(hc), slack.OptionAPIURL(url + "/api/")}
	if retries {
		options = append(options, slack.OptionRetry(3))
	}
	c := slack.New("xoxb-token", options...)
	return sdk{
		read: func(ctx context.Context) error {
			_, err := c.AuthTestContext(ctx)
			return err
		},
		write: func(ctx context.Context) error {
			_, _, err := c.PostMessageContext(ctx, "C1", slack.MsgOptionText("done", false))
			return err
		},
		isOwn: isA[slack.StatusCodeError],
	}
}

var slackOK = retrywisetest.JSON(200, `{"ok":true}`)

// Slack's methods are all POSTs. A policy names those that only read.
func TestSlackLeavesRetriesToTheClient(t *testing.T) {
	p, err := policy.New(policy.Settings{Endpoints: []policy.Endpoint{{Methods: []string{"POST"}, Paths: []string{"/api/auth.test"}, Repeatable: true}}})
	if err != nil {
		t.Fatal(err)
	}
	testLeftToTheClient(t, newSlack, p, usualRows(slackOK))
}

func TestSlackRetriesByItself(t *testing.T) {
	testLeftToTheSDK(t, newSlack, slackOK, counts{"503": 1, "503, then OK": 1, "429, then OK": 2, "reset": 1})
}
