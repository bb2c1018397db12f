package commands

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
)

// operatorNamespace is the flag that says where the tenants' Secrets are.
type operatorNamespace string

func (o *operatorNamespace) add(e *env, cmd *cobra.Command) {
	cmd.Flags().StringVar((*string)(o), "operator-namespace", "seatwarden-system", "The operator's namespace, where the Secrets of Auth0Tenants are")
	_ = cmd.RegisterFlagCompletionFunc("operator-namespace", e.completeNamespaces)
}

func (e *env) completeTenants(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return e.complete(cmd, &v1alpha1.Auth0TenantList{}, false)
}

// signIn signs in to a tenant with the operator's credentials, if the person may read
// them.
func (e *env) signIn(ctx context.Context, tenant *v1alpha1.Auth0Tenant, namespace operatorNamespace) (auth0.API, error) {
	credentials := tenant.Spec.Credentials
	secret := &corev1.Secret{}
	where := fmt.Sprintf("Secret %s in namespace %s", credentials.SecretRef.Name, namespace)
	err := e.client.Get(ctx, client.ObjectKey{Namespace: string(namespace), Name: credentials.SecretRef.Name}, secret)
	switch {
	case apierrors.IsForbidden(err):
		return nil, fmt.Errorf("you may not read %s, which holds the credentials of Auth0Tenant %s: ask somebody who may", where, tenant.Name)
	case apierrors.IsNotFound(err):
		return nil, fmt.Errorf("there is no %s, which should hold the credentials of Auth0Tenant %s: --operator-namespace says where the operator runs", where, tenant.Name)
	case err != nil:
		return nil, err
	}
	key := credentials.SecretRef.Key
	options := auth0.Options{Domain: tenant.Spec.Domain, ClientID: strings.TrimSpace(credentials.ClientID), Clock: e.Now, Version: Version()}
	if key == "" {
		key = "clientSecret"
		if credentials.Method == v1alpha1.PrivateKeyJWT {
			key = "privateKey"
		}
	}
	value := bytes.TrimSpace(secret.Data[key])
	if len(value) == 0 {
		return nil, fmt.Errorf("%s has no key %s, or it is empty", where, key)
	}
	if credentials.Method == v1alpha1.PrivateKeyJWT {
		options.PrivateKeyPEM = value
	} else {
		options.ClientSecret = string(value)
	}
	return e.Auth0(options)
}

// patiently calls Auth0, and again where it has to wait for its turn.
func patiently[T any](ctx context.Context, e *env, call func() (T, error)) (T, error) {
	for {
		value, err := call()
		var waits *auth0.Error
		if !errors.As(err, &waits) || waits.RetryAt.IsZero() || waits.Kind != auth0.KindRateLimited {
			return value, err
		}
		for e.Now().Before(waits.RetryAt) && ctx.Err() == nil {
			e.Pause(ctx)
		}
		if ctx.Err() != nil {
			return value, ctx.Err()
		}
	}
}
