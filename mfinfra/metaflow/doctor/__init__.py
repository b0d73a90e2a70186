"""What is wrong when flows do not run: findings from live answers, and from the texts of errors. Pure; reads only."""
