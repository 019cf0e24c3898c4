package sdktest

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
	"github.com/elastic/go-elasticsearch/v9"
	"github.com/elastic/go-elasticsearch/v9/esapi"

	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// go-elasticsearch takes a transport. Its searches are POSTs.
func newElasticsearch(t *testing.T, hc *http.Client, url string, retries bool) sdk {
	t.Helper()
	options := []elastictransport.Option{elastictransport.WithTransport(hc.Transport)}
	if !retries {
		options = append(options, elastictransport.WithDisableRetry())
	}
	c, err := elasticsearch.New(elasticsearch.WithAddresses(url), elasticsearch.WithTransportOptions(options...))
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
			return failed(c.Search(c.Search.WithContext(ctx), c.Search.WithIndex("contacts"), c.Search.WithBody(strings.NewReader(`{}`))))
		},
		write: func(ctx context.Context) error {
			return failed(c.Index("contacts", strings.NewReader(`{"name":"ana"}`), c.Index.WithContext(ctx)))
		},
		isOwn: isA[*elasticsearchError],
	}
}

// An elasticsearchError stands for an error response, which the SDK returns as a response.
type elasticsearchError struct{ status string }

func (e *elasticsearchError) Error() string { return e.status }

// The SDK refuses a server that does not say that it is Elasticsearch.
var elasticsearchOK = retrywisetest.JSON(200, `{}`, "X-Elastic-Product", "Elasticsearch")

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
