"""The look: NHS design system templates, components and files for Flask-Admin."""
