package main

import (
	"context"
	"maps"
	"net/http"
	"strings"

	azpolicy "github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
)

// azcoreCaller is the pipeline of the Azure SDKs with its defaults: 3 retries after 0.8 s and
// more, or after Retry-After. It cannot be told a limit.
type azcoreCaller struct {
	runtime.Pipeline
	setup
}

func newAzcore(s setup) (caller, error) {
	options := azpolicy.ClientOptions{Transport: &http.Client{Transport: s.transport}}
	return azcoreCaller{runtime.NewPipeline("bench", "v1", runtime.PipelineOptions{}, &options), s}, nil
}

func (c azcoreCaller) send(ctx context.Context, r request) error {
	req, err := runtime.NewRequest(ctx, r.verb(), r.target(c.url))
	if err != nil {
		return err
	}
	if r.body != "" {
		if err := req.SetBody(streaming.NopCloser(strings.NewReader(r.body)), "text/plain"); err != nil {
			return err
		}
	}
	maps.Copy(req.Raw().Header, r.header())
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	return finish(ctx, resp)
}

func (azcoreCaller) close() {}
