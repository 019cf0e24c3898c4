// Command temporalserver is a Temporal server that keeps its data in memory, for the tests of
// integrations/temporal: see .ci/temporal. It prints its address and namespace, and ends with its
// standard input.
package main

import (
	"fmt"
	"io"
	"os"

	"go.temporal.io/server/temporaltest"
)

func main() {
	server := temporaltest.NewServer()
	fmt.Println(server.GetFrontendHostPort(), server.GetDefaultNamespace())
	_, _ = io.Copy(io.Discard, os.Stdin)
}
