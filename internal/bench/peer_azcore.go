package main

import (
	"context"
	"net/http"

	azpolicy "github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
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

func (c azcoreCaller) get(ctx context.Context, record string) error {
	req, err := runtime.NewRequest(ctx, http.MethodGet, target(c.url, record))
	if err != nil {
		return err
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	return finish(resp)
}

func (azcoreCaller) close() {}
