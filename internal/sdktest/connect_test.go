package sdktest

import (
	"context"
	"net/http"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// connect-go retries nothing. A method without side effects is a GET, if the client says so.
func newConnect(_ *testing.T, hc *http.Client, url string, _ bool) sdk {
	type text = wrapperspb.StringValue
	get := connect.NewClient[text, text](hc, url+"/contacts.v1.Contacts/Get",
		connect.WithProtoJSON(), connect.WithHTTPGet(), connect.WithIdempotency(connect.IdempotencyNoSideEffects))
	create := connect.NewClient[text, text](hc, url+"/contacts.v1.Contacts/Create", connect.WithProtoJSON())
	return sdk{
		read: func(ctx context.Context) error {
			_, err := get.CallUnary(ctx, connect.NewRequest(wrapperspb.String("1")))
			return err
		},
		write: func(ctx context.Context) error {
			_, err := create.CallUnary(ctx, connect.NewRequest(wrapperspb.String("ana")))
			return err
		},
		isOwn: isA[*connect.Error],
	}
}

// connect-go replaces an error that wraps io.EOF, and ours is lost with it.
func TestConnectLeavesRetriesToTheClient(t *testing.T) {
	rows := usualRows(retrywisetest.JSON(200, `"ana"`))
	rows["write without a response"] = rows[reset]
	delete(rows, reset)
	testLeftToTheClient(t, newConnect, policy.Default(), rows)
}

func TestConnectRetriesByItself(t *testing.T) {
	testLeftToTheSDK(t, newConnect, retrywisetest.JSON(200, `"ana"`), counts{"503": 1, "503, then OK": 1, "429, then OK": 1, "reset": 1})
}
