console.info;
