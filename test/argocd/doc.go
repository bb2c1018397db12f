// Package argocd has real Argo CD sync Customers and Members from a git repository to
// a real API server, with the health checks and actions of config/argocd.
package argocd
