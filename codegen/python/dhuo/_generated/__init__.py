"""Made by `npm run codegen` from schema.graphql and codegen/operations."""
