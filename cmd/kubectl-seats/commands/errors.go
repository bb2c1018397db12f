package commands

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// errSilent ends a command without success after it has said all itself.
var errSilent = errors.New("")

// usageError is a wrong call of a command.
type usageError struct {
	command *cobra.Command
	cause   error
}

func (e usageError) Error() string {
	return fmt.Sprintf("%v\nSee '%s --help' for help and examples.", e.cause, e.command.CommandPath())
}

func (e usageError) Unwrap() error { return e.cause }

// Message is what a person reads about an error, in the words of kubectl.
func Message(err error) string {
	var status apierrors.APIStatus
	var address *url.Error
	switch {
	case errors.Is(err, errSilent):
		return ""
	case errors.As(err, &status):
		return ofServer(err, status.Status())
	case clientcmd.IsEmptyConfig(err):
		return "error: Missing or incomplete configuration info.  Please point to an existing, complete config file:\n\n  1. Via the command-line flag --kubeconfig\n  2. Via the KUBECONFIG environment variable\n  3. In your home directory as ~/.kube/config\n\nTo view or setup config directly use the 'config' command of kubectl."
	case errors.As(err, &address):
		return unreachable(address)
	}
	return "error: " + err.Error()
}

func ofServer(err error, status metav1.Status) string {
	switch {
	case apierrors.IsUnauthorized(err):
		return fmt.Sprintf("error: You must be logged in to the server (%s)", status.Message)
	case apierrors.IsNotFound(err) && status.Details != nil && status.Details.Group == v1alpha1.GroupVersion.Group && status.Details.Name == "":
		return fmt.Sprintf("error: the server doesn't have a resource type %q: Seatwarden is not installed in this cluster", status.Details.Kind)
	case status.Reason == "" || status.Reason == metav1.StatusReasonUnknown:
		return "Error from server: " + status.Message
	}
	return fmt.Sprintf("Error from server (%s): %s", status.Reason, status.Message)
}

func unreachable(err *url.Error) string {
	host := err.URL
	if server, parsed := url.Parse(err.URL); parsed == nil {
		host = server.Host
	}
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("The connection to the server %s was refused - did you specify the right host or port?", host)
	case errors.As(err.Err, &timeout) && timeout.Timeout():
		return "Unable to connect to the server: " + strings.TrimSpace(err.Err.Error())
	}
	return "Unable to connect to the server: " + err.Err.Error()
}
