package sdktest

import (
	"context"
	"net/http"
	neturl "net/url"
	"strings"
	"testing"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
	"github.com/elastic/go-elasticsearch/v9/esapi"

	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// go-elasticsearch takes a transport. Its searches are POSTs. The test leaves out its package of typed
// requests, which sends through the same, and takes minutes to compile.
func newElasticsearch(t *testing.T, hc *http.Client, url string, retries bool) sdk {
	t.Helper()
	server, err := neturl.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	options := []elastictransport.Option{elastictransport.WithURLs(server), elastictransport.WithTransport(hc.Transport)}
	if !retries {
		options = append(options, elastictransport.WithDisableRetry())
	}
	c, err := elastictransport.NewClient(options...)
	if err != nil {
		t.Fatal(err)
	}
	failed := func(r *esapi.Response, err error) error {
		if err != nil {
			return err
		}
		defer r.Body.Close()
		if r.IsError() {
			return &elasticsearchError{r.Status()}
		}
		return nil
	}
	return sdk{
		read: func(ctx context.Context) error {
			return failed(esapi.SearchRequest{Index: []string{"contacts"}, Body: strings.NewReader(`{}`)}.Do(ctx, c))
		},
		write: func(ctx context.Context) error {
			return failed(esapi.IndexRequest{Index: "contacts", Body: strings.NewReader(`{"name":"ana"}`)}.Do(ctx, c))
		},
		isOwn: isA[*elasticsearchError],
	}
}

// An elasticsearchError stands for an error response, which the SDK returns as a response.
type elasticsearchError struct{ status string }

func (e *elasticsearchError) Error() string { return e.status }

var elasticsearchOK = retrywisetest.JSON(200, `{}`)

// A policy says that a search may be executed twice.
func TestElasticsearchLeavesRetriesToTheClient(t *testing.T) {
	p, err := policy.New(policy.Settings{Endpoints: []policy.Endpoint{{Methods: []string{"POST"}, Paths: []string{"/*/_search"}, Repeatable: true}}})
	if err != nil {
		t.Fatal(err)
	}
	testLeftToTheClient(t, newElasticsearch, p, usualRows(elasticsearchOK))
}

func TestElasticsearchRetriesByItself(t *testing.T) {
	testLeftToTheSDK(t, newElasticsearch, elasticsearchOK, counts{"503": 4, "503, then OK": 2, "429, then OK": 1, "reset": 4})
}
