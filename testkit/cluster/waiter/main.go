// Command waiter waits for a signal. It is the whole content of every test image, the pause image included, and it
// holds the namespaces of a node open.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
}
