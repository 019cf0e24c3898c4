// Package retrywiseotel shows the calls of a client.Client in OpenTelemetry: as traces and as
// metrics. It needs the API of OpenTelemetry alone; the program chooses the SDK and the exporters.
//
//	telemetry, err := retrywiseotel.New(retrywiseotel.Options{})
//	if err != nil {
//		return err
//	}
//	c, err := client.New(client.Config{Vendor: vendor, Observer: telemetry.Observer()})
//	if err != nil {
//		return err
//	}
//	defer telemetry.Watch(c.Status)()
//
// # Traces
//
// Each call is a span of kind internal, named by its vendor and its Op. Its children are:
//
//   - a span of kind client for each request, by the semantic conventions for HTTP: with
//     http.request.resend_count from the second one on, and the class of a failure as error.type;
//   - a span for each wait, with what it waits for, such as "gate account";
//   - a span for each look-up of the outcome, and one for each renewal of the credential, in the
//     trace of the call that needed it first.
//
// A failure that a rule accepts is not an error. The span of a request ends when its response was
// judged: through Send and HTTP, that is before its body is read.
//
// # Metrics
//
// The names follow those of gRPC (proposals A66 and A96), with "retrywise." in place of "grpc.".
// README.md lists them. Attributes have few values: the vendor, the caller's Op, class, action,
// stop, applied, what a wait is for, and names of limits. Of more than 100 different Ops, all others
// are "_OTHER". An attribute without a value is left out, such as the vendor of a Client without one.
//
// # What never leaves
//
// Neither traces nor metrics have a credential, a record's key, a header, a query or a body. A
// URL is what apierrors.PrintableURL makes of it, so that segments of its path that may identify a
// record are {}. Metrics have neither URLs nor the vendor's codes.
//
// Nothing is sent to the vendor, unless requests go through [Telemetry.Transport].
package retrywiseotel
